/** Symbolic tensors: what flows between layers while a functional model is put together. They hold a shape, no numbers. */

import { type DType, HeddleError, rejectUnknownOptions, unknownName } from '../engine/index.js';
import { checkedCount } from './checks.js';
import type { AnyLayer } from './layer.js';
import type { OutputType } from './layer-definition.js';
import { checkedShape, type FreeShape } from './shapes.js';

export interface SymbolicTensor {
  /** Batch first: `[null, 784]`; with a number there the model takes batches of that size only. */
  readonly shape: FreeShape;
  readonly dtype: DType;
  /** The use of a layer that makes it; `null` for an input. */
  readonly call: LayerCall | null;
  /** Of an input, where the user gave it one. */
  readonly name: string | null;
}

/** One use of a layer. */
export interface LayerCall {
  /** Rises with creation, so that calls sort topologically. */
  readonly id: number;
  readonly layer: AnyLayer;
  readonly inputs: readonly SymbolicTensor[];
  /** In order: layers and models may have several. */
  readonly outputs: readonly SymbolicTensor[];
}

export interface InputOptions {
  /** Of one example, without the batch; `null` for an extent that varies. */
  readonly shape: FreeShape;
  /** Makes it a model of batches of this size alone, a positive integer. Default: any. */
  readonly batchSize?: number;
  /** What the model computes with. Default `float32`; data of bytes are converted. */
  readonly dtype?: DType;
  /** By which data are given to a model with several inputs. Default `input_1` … */
  readonly name?: string;
}

const DTYPES: readonly DType[] = ['float32', 'int32', 'uint32', 'bool'];

/**
 * An input of a functional model.
 *
 * @throws HeddleError for unknown options, a shape that is no list of positive integers and `null`s, a batch size that is no positive
 * integer, and an unknown dtype.
 */
export function input(options: InputOptions): SymbolicTensor {
  rejectUnknownOptions('input', options, ['shape', 'batchSize', 'dtype', 'name']);
  const { dtype = 'float32', name = null } = options;
  if (!DTYPES.includes(dtype)) throw unknownName('input', 'dtype', dtype, DTYPES);
  if (name !== null) checkName('input', name);
  const batch =
    options.batchSize === undefined ? null : checkedCount('input', 'batchSize', options.batchSize);
  const shape = Object.freeze([batch, ...checkedShape('input', 'shape', options.shape)]);
  return mark({ shape, dtype, call: null, name });
}

let calls = 0;

/** Records a use of `layer`. */
export function callLayer(
  layer: AnyLayer,
  inputs: readonly SymbolicTensor[],
  types: readonly OutputType[],
): readonly SymbolicTensor[] {
  const outputs = types.map(({ shape, dtype }) =>
    mark({
      shape: Object.freeze([...shape]),
      dtype,
      name: null,
      get call(): LayerCall {
        return whole;
      },
    }),
  );
  const whole: LayerCall = Object.freeze({
    id: calls++,
    layer,
    inputs: Object.freeze([...inputs]),
    outputs: Object.freeze(outputs),
  });
  return outputs;
}

const made = new WeakSet<object>();

function mark(tensor: SymbolicTensor): SymbolicTensor {
  made.add(tensor);
  return Object.freeze(tensor);
}

export const isSymbolic = (value: unknown): value is SymbolicTensor =>
  typeof value === 'object' && value !== null && made.has(value);

/** Names of layers and inputs: not empty, and without the `/` that parts them from their weights. */
export function checkName(op: string, name: unknown): string {
  if (typeof name === 'string' && name !== '' && !name.includes('/')) return name;
  throw new HeddleError({
    op,
    message: `the name is ${typeof name === 'string' ? `'${name}'` : typeof name}`,
    roles: ['name'],
    values: { name },
    fix: "use a string that is not empty and has no '/'",
  });
}
