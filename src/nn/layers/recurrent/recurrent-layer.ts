/** Kinds of recurrent layers. `bidirectional` asks here what a layer is made of, to make it anew for two directions. */

import type { Tensor } from '../../../engine/index.js';
import {
  type AnyLayer,
  type CommonLayerOptions,
  defineLayer,
  type Kinds,
  type Layer,
  type LayerConfig,
} from '../../layer.js';
import type { SymbolicTensor } from '../../symbolic.js';
import type { RecurrentCore } from './core.js';
import { type CheckedSequence, checkedSequence, type SequenceOptions } from './options.js';
import { AS_IT_IS, type BuiltSequence, sequenceBehaviour } from './sequence-layer.js';

/** A layer whose `apply` gives a list. */
export type ListLayer = Layer<SymbolicTensor[], Tensor[]>;

/** Its output and h. */
export type PairLayer = Layer<[SymbolicTensor, SymbolicTensor], [Tensor, Tensor]>;
/** Its output, h and c. */
export type TripleLayer = Layer<[SymbolicTensor, SymbolicTensor, SymbolicTensor], [Tensor, Tensor, Tensor]>;

/** With `returnState` there are several outputs: `L` is such a layer. */
export interface RecurrentFactory<O extends SequenceOptions, L extends AnyLayer = ListLayer> {
  (options: O & CommonLayerOptions & { readonly returnState: true }): L;
  (options: O & CommonLayerOptions & { readonly returnState?: false }): Layer;
  (options: O & CommonLayerOptions): AnyLayer;
  readonly type: string;
  /** The layer that a config tells of. Throws a HeddleError for options that it does not have or that are wrong. */
  readonly restore: (config: LayerConfig, kinds?: Kinds) => Layer;
}

export interface RecurrentDefinition<O extends SequenceOptions> {
  readonly type: string;
  readonly options: readonly (keyof O & string)[];
  readonly otherNames: Readonly<Record<string, string>>;
  /** Throws a HeddleError for options that are wrong. */
  core(options: O, label: string): RecurrentCore;
  /** The options out of what a file keeps of them. Default: as they are. */
  restoredOptions?(kept: LayerConfig['options'], kinds: Kinds): object;
}

/** What a recurrent layer is made of. A file keeps its `name` and `config`. */
export interface RecurrentParts {
  /** The type. */
  readonly name: string;
  /** The options of its own. */
  readonly config: object;
  readonly parts: (label: string) => { readonly core: RecurrentCore; readonly options: CheckedSequence };
}

const known = new WeakMap<AnyLayer, RecurrentParts>();

/** What `layer` is made of; `null` where it is not recurrent. */
export const recurrentParts = (layer: AnyLayer): RecurrentParts | null => known.get(layer) ?? null;

const kindsMade = new WeakSet<object>();

/** Whether layers of this kind are recurrent. */
export const isRecurrentKind = (
  kind: object,
): kind is Pick<RecurrentFactory<SequenceOptions>, 'type' | 'restore'> => kindsMade.has(kind);

export function defineRecurrentLayer<O extends SequenceOptions, L extends AnyLayer = ListLayer>(
  definition: RecurrentDefinition<O>,
): RecurrentFactory<O, L> {
  const { type, options: own, otherNames, core, restoredOptions } = definition;
  const factory = defineLayer<O, BuiltSequence>({
    type,
    options: own,
    otherNames,
    create(options, label) {
      const sequence = checkedSequence(label, options);
      return sequenceBehaviour(label, core(options, label), {
        directions: [sequence.goBackwards],
        options: sequence,
        merge: AS_IT_IS,
      });
    },
  });
  const remembered = (layer: Layer, given: object): Layer => {
    const config = Object.fromEntries(
      Object.entries(given).filter(([key]) => own.includes(key as keyof O & string)),
    ) as O;
    known.set(layer, {
      name: type,
      config,
      parts: (label) => ({ core: core(config, label), options: checkedSequence(label, config) }),
    });
    return layer;
  };
  const make = (...args: Parameters<typeof factory>): Layer => remembered(factory(...args), args[0] ?? {});
  const restore = (config: LayerConfig, kinds: Kinds = new Map()): Layer => {
    const options = (restoredOptions?.(config.options, kinds) ?? config.options) as LayerConfig['options'];
    return remembered(factory.restore({ ...config, options }), options);
  };
  const kind = Object.freeze(Object.assign(make, { type, restore })) as unknown as RecurrentFactory<O, L>;
  kindsMade.add(kind);
  return kind;
}
