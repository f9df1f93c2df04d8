/**
 * Kinds of layers, the user's own and the built-in ones alike: a definition checks options and gives a behaviour, and the class does the
 * rest.
 */

import { HeddleError, rejectUnknownOptions } from '../engine/index.js';
import { type AnyLayer, Layer, type LayerConfig, labelOf } from './layer-class.js';
import { type CommonLayerOptions, erased, type LayerDefinition } from './layer-definition.js';

export {
  type AnyLayer,
  type InnerModel,
  Layer,
  type LayerConfig,
  type LayerOwner,
} from './layer-class.js';
export type {
  CallContext,
  CommonLayerOptions,
  LayerBehaviour,
  LayerDefinition,
  ValueRange,
} from './layer-definition.js';

type FactoryArguments<O> = object extends O
  ? [options?: O & CommonLayerOptions]
  : [options: O & CommonLayerOptions];

/** Makes layers of one kind. */
export interface LayerFactory<O extends object = never, L extends AnyLayer = Layer> {
  (...args: FactoryArguments<O>): L;
  readonly type: string;
  /**
   * The layer that a config tells of. `kinds` are those that a file is read with, for layers that hold others. Throws a HeddleError for
   * options that it does not have or that are wrong.
   */
  readonly restore: (config: LayerConfig, kinds?: Kinds) => L;
}

/** Kinds of layers and of cells, by type. */
export type Kinds = ReadonlyMap<string, { readonly type: string }>;

const COMMON = ['name', 'inputShape', 'batchInputShape', 'trainable'] as const;

/**
 * A new kind of layer: `const scale = defineLayer<{ by: number }>({ type: 'scale', options: ['by'], create: … })`, then `scale({ by: 2 })`.
 *
 * @typeParam W what `build` gives
 * @typeParam L what the factory gives: for a layer of two outputs `Layer<[SymbolicTensor, SymbolicTensor], [Tensor, Tensor]>`
 * @throws HeddleError (the factory) for unknown options, with the nearest valid one, and whatever `create` throws.
 */
export function defineLayer<O extends object, W = undefined, L extends AnyLayer = Layer>(
  definition: LayerDefinition<O, W>,
): LayerFactory<O, L> {
  const { type, options: own } = definition;
  const make = (given: O & CommonLayerOptions): L => {
    const label = labelOf(type, given.name ?? null);
    rejectOtherNames(label, given, definition.otherNames ?? {});
    rejectUnknownOptions(label, given, [...own, ...COMMON]);
    const options = Object.fromEntries(
      Object.entries(given).filter(([key]) => own.includes(key as keyof O & string)),
    );
    const create = (speaker: string) => erased(definition.create(options as O, speaker));
    // How many outputs there are shows when it is applied.
    return new Layer(type, given, options, create, definition.inputDtype) as AnyLayer as L;
  };
  return Object.freeze(
    Object.assign((...[options]: FactoryArguments<O>) => make(options ?? ({} as O)), {
      type,
      restore: ({ name, trainable, options }: LayerConfig) =>
        make({ ...options, name, trainable } as unknown as O),
    }),
  );
}

function rejectOtherNames(op: string, given: object, others: Readonly<Record<string, string>>): void {
  const option = Object.keys(given).find((key) => Object.hasOwn(others, key));
  if (option === undefined) return;
  throw new HeddleError({
    op,
    message: `unknown option '${option}'`,
    roles: ['option'],
    values: { option },
    fix: others[option] as string,
  });
}
