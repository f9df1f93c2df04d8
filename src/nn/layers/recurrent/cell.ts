/**
 * Cells of the user's own for `layers.rnn`: what happens at one step. `defineCell` makes kinds of cells as `defineLayer` makes kinds of
 * layers, so that options are checked and files can name them.
 */

import { HeddleError, rejectUnknownOptions, type Tensor } from '../../../engine/index.js';
import type { Json } from '../../json.js';
import type { CallContext } from '../../layer-definition.js';
import type { FreeShape } from '../../shapes.js';
import type { WeightBuilder } from '../../weights.js';
import type { StepResult } from './unroll.js';

/** What a step may depend on beside its inputs. Random numbers are the same at every step of a sequence, and others in every training step. */
export type CellContext = Pick<CallContext, 'training' | 'trainable' | 'seed' | 'stream' | 'counter'>;

/**
 * Makes a cell's weights. It makes no states that last from batch to batch, as layers' builders do: a step could not change them. What goes
 * from step to step is `stateSize`; the layer's `stateful` keeps it between batches.
 */
export type CellWeightBuilder = Pick<WeightBuilder, 'add'>;

/** What a cell with checked options does. `W` is what `build` made. */
export interface CellBehaviour<W> {
  /** Features of each state: [batch, stateSize]. States begin with zeros unless the layer is told otherwise. */
  readonly stateSize: number | readonly number[];
  /** Features of the output. Default: those of the first state. */
  readonly outputSize?: number;
  /** Makes the weights for steps of this shape, [batch, features]; the batch is `null`. */
  build?(weights: CellWeightBuilder, input: FreeShape): W;
  /** One step: x [batch, features] and the states before it give the output and the states after it, float32 of shapes as above. */
  call(x: Tensor, states: readonly Tensor[], weights: W, context: CellContext): StepResult;
}

export interface CellDefinition<O extends object, W = undefined> {
  /** In errors and files. */
  readonly type: string;
  /** Names of its options. */
  readonly options: readonly (keyof O & string)[];
  /**
   * Checks the options, fills in defaults and gives the behaviour.
   *
   * @param label who speaks, for errors: `rnn 'decoder'`
   */
  create(options: O, label: string): CellBehaviour<W>;
}

/** A cell as a file keeps it. */
export interface CellConfig {
  readonly name: string;
  readonly config: Readonly<Record<string, Json>>;
}

/** A cell with its options. Its weights belong to the layers that use it. */
export interface Cell {
  /** The type. */
  readonly name: string;
  /** The options. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly behaviour: (label: string) => ErasedCell;
}

/** A behaviour whose kind of weights is nobody else's business, its sizes settled. */
export interface ErasedCell {
  readonly stateSizes: readonly number[];
  readonly outputSize: number;
  build(weights: CellWeightBuilder, input: FreeShape): BuiltCell;
}

export type BuiltCell = (x: Tensor, states: readonly Tensor[], context: CellContext) => StepResult;

type CellArguments<O> = object extends O ? [options?: O] : [options: O];

/** Makes cells of one kind. */
export interface CellFactory<O extends object = never> {
  (...args: CellArguments<O>): Cell;
  readonly type: string;
  /** The cell that a file tells of. */
  readonly restoreCell: (config: CellConfig['config']) => Cell;
}

/**
 * A new kind of cell: `const leaky = defineCell<{ units: number }>({ type: 'leaky', options: ['units'], create: … })`, then
 * `layers.rnn({ cell: leaky({ units: 16 }) })`; `load(file, { layers: { leaky } })` finds it in files.
 *
 * @throws HeddleError (the factory) for unknown options, with the nearest valid one; whatever `create` throws comes from the layer.
 */
export function defineCell<O extends object, W = undefined>(
  definition: CellDefinition<O, W>,
): CellFactory<O> {
  const { type, options: valid, create } = definition;
  const make = (options: O): Cell => {
    rejectUnknownOptions(type, options, valid);
    return Object.freeze({
      name: type,
      config: Object.freeze({ ...options }) as Readonly<Record<string, unknown>>,
      behaviour: (label: string) => erased(type, label, create(options, label)),
    });
  };
  return Object.freeze(
    Object.assign((...[options]: CellArguments<O>) => make(options ?? ({} as O)), {
      type,
      restoreCell: (config: CellConfig['config']) => make(config as unknown as O),
    }),
  );
}

/** Whether `value` is what a factory of `defineCell` gives. */
export const isCell = (value: unknown): value is Cell =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Cell>).behaviour === 'function' &&
  typeof (value as Partial<Cell>).name === 'string';

function erased<W>(type: string, label: string, behaviour: CellBehaviour<W>): ErasedCell {
  const { stateSize } = behaviour;
  const stateSizes: readonly number[] = typeof stateSize === 'number' ? [stateSize] : stateSize;
  const outputSize = behaviour.outputSize ?? stateSizes[0] ?? 0;
  checkSizes(type, label, stateSizes, outputSize);
  return {
    stateSizes,
    outputSize,
    build(builder, input) {
      const weights = behaviour.build?.(builder, input) as W;
      return (x, states, context) => {
        const result = behaviour.call(x, states, weights, context);
        checkResult(type, label, result, x.shape[0] ?? 0, stateSizes, outputSize);
        return result;
      };
    },
  };
}

const isSize = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value > 0;

function checkSizes(type: string, label: string, stateSizes: readonly number[], outputSize: number): void {
  const list: readonly unknown[] = Array.isArray(stateSizes) ? stateSizes : [];
  if (list.length > 0 && list.every(isSize) && isSize(outputSize)) return;
  throw new HeddleError({
    op: label,
    message: `cell '${type}' has states of ${JSON.stringify(stateSizes)} and outputs of ${JSON.stringify(outputSize)} features`,
    roles: ['stateSize', 'outputSize'],
    values: { stateSize: stateSizes, outputSize },
    fix: 'let create() give a positive integer, or a list of at least one, as stateSize',
  });
}

function checkResult(
  type: string,
  label: string,
  result: StepResult,
  batch: number,
  stateSizes: readonly number[],
  outputSize: number,
): void {
  const { output, states } = (result ?? {}) as Partial<StepResult>;
  const show = (tensors: readonly (Tensor | undefined)[]): string =>
    tensors
      .map((tensor) => {
        if (!tensor) return 'nothing';
        return `${tensor.dtype === 'float32' ? '' : `${tensor.dtype} `}[${tensor.shape.join(',')}]`;
      })
      .join(', ');
  const given = show([output, ...(states ?? [])]);
  const expected = [outputSize, ...stateSizes].map((size) => `[${batch},${size}]`).join(', ');
  if (given === expected) return;
  throw new HeddleError({
    op: label,
    message: `call() of cell '${type}' gives output and states ${given}; ${expected} is expected`,
    roles: ['output', 'states'],
    values: { given, expected },
    fix: 'return { output, states }, float32, with the sizes that stateSize and outputSize say',
  });
}
