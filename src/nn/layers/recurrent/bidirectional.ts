/** A recurrent layer over a sequence from both sides (Schuster and Paliwal, 1997). Both directions run in the same dispatches. */

import { HeddleError, ops, type Tensor, unknownName } from '../../../engine/index.js';
import {
  type AnyLayer,
  type CommonLayerOptions,
  defineLayer,
  type Kinds,
  Layer,
  type LayerConfig,
} from '../../layer.js';
import { parted } from './directions.js';
import { isRecurrentKind, type ListLayer, type RecurrentParts, recurrentParts } from './recurrent-layer.js';
import { type BuiltSequence, type Merge, sequenceBehaviour } from './sequence-layer.js';

/** How the outputs of the two directions become one; `null`: they stay two. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave' | 'average' | null;

export interface BidirectionalOptions {
  /**
   * `layers.lstm({ … })`, `gru`, `simpleRNN` or `rnn`: what runs in each direction. Its options count, `returnSequences` and the like too;
   * weights are the bidirectional layer's own.
   */
  readonly layer: AnyLayer;
  /** Default `concat`: [batch, …, 2 · units], forward first. `sum`, `mul` and `ave` give [batch, …, units], `null` gives both. */
  readonly mergeMode?: MergeMode;
}

type Given = BidirectionalOptions & CommonLayerOptions;

/** With `mergeMode: null`, or a layer that returns its states, there are several outputs. */
export interface BidirectionalFactory {
  (options: Given & ({ readonly mergeMode: null } | { readonly layer: ListLayer })): ListLayer;
  (options: Given & { readonly mergeMode?: Exclude<MergeMode, null>; readonly layer: Layer }): Layer;
  (options: Given): AnyLayer;
  readonly type: string;
  readonly restore: (config: LayerConfig, kinds?: Kinds) => Layer;
}

/** What stays of the options: of the layer its parts, of which a file keeps name and config. */
interface Settled {
  readonly layer: RecurrentParts;
  readonly mergeMode?: MergeMode;
}

const TYPE = 'bidirectional';

const both = (x: Tensor): [Tensor, Tensor] => parted(x, 2) as [Tensor, Tensor];

/** One dispatch, where taking the directions apart would be two more. */
const summed = (x: Tensor): Tensor => {
  const [lead, width] = [x.shape.slice(0, -1), x.shape.at(-1) ?? 0];
  return ops.sum(ops.reshape(x, [...lead, 2, width / 2]), { axis: -2 });
};

const average: Merge = { widths: (units) => [units], outputs: (x) => [ops.mul(summed(x), 0.5)] };

const MERGES: ReadonlyMap<unknown, Merge> = new Map<MergeMode, Merge>([
  ['concat', { widths: (units) => [2 * units], outputs: (x) => [x] }],
  ['sum', { widths: (units) => [units], outputs: (x) => [summed(x)] }],
  ['mul', { widths: (units) => [units], outputs: (x) => [ops.mul(...both(x))] }],
  ['ave', average],
  ['average', average],
  [null, { widths: (units) => [units, units], outputs: both }],
]);

const factory = defineLayer<Settled, BuiltSequence>({
  type: TYPE,
  options: ['layer', 'mergeMode'],
  otherNames: {
    backwardLayer:
      'leave it out: both directions have the same options; for others use two layers, one with goBackwards',
  },
  create({ layer, mergeMode = 'concat' }, label) {
    const merge = MERGES.get(mergeMode);
    if (!merge) {
      const names = [...MERGES.keys()].filter((mode) => mode !== null).map(String);
      throw unknownName(label, 'mergeMode', String(mergeMode), names);
    }
    const { core, options } = layer.parts(label);
    if (options.goBackwards) {
      throw new HeddleError({
        op: label,
        message: `the ${layer.name} within has goBackwards, but both directions are taken anyway`,
        roles: ['layer', 'goBackwards'],
        values: { layer: layer.name, goBackwards: true },
        fix: 'leave goBackwards out',
      });
    }
    return sequenceBehaviour(label, core, { directions: [false, true], options, merge });
  },
});

/** The parts of what the user gave. Throws a HeddleError for anything but a recurrent layer, and for one that is in use. */
function partsOf(layer: unknown): RecurrentParts {
  const parts = layer instanceof Layer ? recurrentParts(layer) : null;
  if (parts && (layer as AnyLayer).weights.length === 0) return parts;
  const used = parts !== null;
  const told = layer instanceof Layer ? `a ${layer.type} layer` : typeof layer;
  throw new HeddleError({
    op: TYPE,
    message: used
      ? `${(layer as AnyLayer).label} is in use elsewhere, with weights of its own`
      : `layer is ${told}`,
    roles: ['layer'],
    values: { layer: told },
    fix: 'pass a new recurrent layer: layers.bidirectional({ layer: layers.lstm({ units: 16 }) })',
  });
}

/** What the layer within was told about its input goes for both. */
function make({ layer, ...options }: Partial<Given> = {}): Layer {
  const parts = partsOf(layer);
  const { inputShape, batchSize, trainable } = layer as AnyLayer;
  const told = options.inputShape ?? options.batchInputShape;
  return factory({
    ...(inputShape && !told ? { batchInputShape: [batchSize, ...inputShape] } : {}),
    trainable,
    ...options,
    layer: parts,
  });
}

/** The parts that a file tells of. Kinds come with it, so that one direction's cell does not bring all others into a bundle. */
function keptParts(kept: unknown, kinds: Kinds | undefined): RecurrentParts {
  const { name, config } = (kept ?? {}) as { readonly name?: unknown; readonly config?: unknown };
  const recurrent = [...(kinds?.values() ?? [])].filter(isRecurrentKind);
  const kind = recurrent.find(({ type }) => type === name);
  if (!kind || typeof config !== 'object' || config === null) {
    throw unknownName(
      TYPE,
      'layer',
      String(name),
      recurrent.map(({ type }) => type),
    );
  }
  const options = config as LayerConfig['options'];
  return partsOf(kind.restore({ type: kind.type, name: kind.type, trainable: true, options }, kinds));
}

/**
 * Runs the layer within from the first step to the last and, with weights of its own, from the last to the first, and merges the two. With
 * `returnSequences` both outputs are in order of time. Weights of both directions stand side by side: kernel [features, 2 · …] and so on,
 * forward first. States that come out and initial states that go in are those of the forward direction, then those of the backward one:
 * `[x, h, c, h, c]` for an lstm.
 *
 * @throws HeddleError for a layer that is not recurrent, is in use elsewhere or has `goBackwards`, and for an unknown merge mode.
 */
export const bidirectional: BidirectionalFactory = Object.freeze(
  Object.assign(make, {
    type: TYPE,
    restore: (config: LayerConfig, kinds?: Kinds) =>
      factory.restore({
        ...config,
        options: {
          ...config.options,
          layer: keptParts(config.options.layer, kinds),
        } as unknown as LayerConfig['options'],
      }),
  }),
) as unknown as BidirectionalFactory;
