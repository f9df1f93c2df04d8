/**
 * Time distributed: one layer, with one set of weights, at every step of sequences. Steps become examples, so that it costs no more
 * dispatches than the layer alone.
 */

import { HeddleError, ops, rejectUnknownOptions, type Tensor, unknownName } from '../../engine/index.js';
import {
  type AnyLayer,
  type CommonLayerOptions,
  type Kinds,
  Layer,
  type LayerConfig,
  type LayerFactory,
} from '../layer.js';
import type { ErasedBehaviour, Flow, OutputType } from '../layer-definition.js';
import { type FreeShape, showFree } from '../shapes.js';
import { commonMask } from './common-mask.js';

export interface TimeDistributedOptions {
  /** A new layer, used nowhere else: what becomes of [batch, …] at each step. Its `trainable` goes for the whole. */
  readonly layer: AnyLayer;
}

type Given = TimeDistributedOptions & CommonLayerOptions;

const TYPE = 'timeDistributed';
/** Layers within layers; a file that says otherwise means harm. */
const DEEPEST = 32;
const COMMON = ['name', 'inputShape', 'batchInputShape', 'trainable'] as const;

function make(options: Partial<Given> = {}): Layer {
  rejectUnknownOptions(TYPE, options, ['layer', ...COMMON]);
  const { layer, ...common } = options;
  if (!(layer instanceof Layer)) throw noLayer(layer);
  const { inputShape, batchSize, trainable } = layer;
  const told = common.inputShape ?? common.batchInputShape;
  // What the inner layer was told is one step of the input.
  const first = inputShape && !told ? { batchInputShape: [batchSize, null, ...inputShape] } : {};
  const behaviour = layer.within(common.name ? `${TYPE} '${common.name}'` : TYPE);
  // A file keeps what has a name, a config and functions as its name and config.
  const kept = {
    name: layer.type,
    get config(): LayerConfig {
      return layer.config;
    },
    behaviour,
  };
  return new Layer(
    TYPE,
    { ...first, trainable, ...common },
    { layer: kept },
    (label) => distributed(label, behaviour(`${layer.type} in ${label}`)),
    layer.inputDtype,
  );
}

/**
 * Applies a layer to each step: [batch, steps, …] → [batch, steps, …of the layer's output]. All steps share its weights, which are this
 * layer's: they are made, trained and saved with it. What it knows of a batch it knows of all steps together: batch normalization takes its
 * statistics over batch and steps. Masks pass, to all outputs; the layer within sees none.
 *
 * @throws HeddleError for what is no layer, for a layer that is used elsewhere or is a model, and inputs without steps.
 */
export const timeDistributed: LayerFactory<TimeDistributedOptions> = Object.freeze(
  Object.assign(make, {
    type: TYPE,
    restore: (config: LayerConfig, kinds?: Kinds) => {
      const { name, trainable } = config;
      return make({ name, trainable, layer: restoredWithin(config, kinds) });
    },
  }),
);

/** The layer within, as a file tells of it; whatever it says is checked. */
function restoredWithin(config: LayerConfig, kinds: Kinds | undefined): Layer {
  const inner = withinOf(config);
  let depth = 1;
  for (let one = inner; one?.type === TYPE && depth <= DEEPEST; one = withinOf(one)) depth++;
  const { type, name, trainable, options } = inner ?? {};
  const whole = typeof name === 'string' && typeof trainable === 'boolean' && typeof options === 'object';
  if (!whole || options === null || depth > DEEPEST) {
    throw new HeddleError({
      op: TYPE,
      message:
        depth > DEEPEST
          ? `layers stand within layers, more than ${DEEPEST} deep`
          : 'the file tells of no layer within',
      roles: ['layer'],
      values: { layer: config.name },
      fix: 'save the model again',
    });
  }
  const kind = kinds?.get(type ?? '');
  if (kind && 'restore' in kind) return (kind as LayerFactory).restore(inner as LayerConfig, kinds);
  throw unknownName(TYPE, 'layer type', String(type), [...(kinds?.keys() ?? [])]);
}

const withinOf = ({ options }: LayerConfig): LayerConfig | undefined => {
  const { layer } = options as { readonly layer?: { readonly config?: LayerConfig } | null };
  return layer?.config;
};

function distributed(label: string, inner: ErasedBehaviour): ErasedBehaviour {
  const steps = (inputs: readonly OutputType[]): OutputType[] =>
    inputs.map(({ shape, dtype }) => ({ shape: foldedShape(label, shape), dtype }));
  return {
    outputs(inputs) {
      const [batch = null, count = null] = inputs[0]?.shape ?? [];
      return inner
        .outputs(steps(inputs))
        .map(({ shape, dtype }) => ({ shape: [batch, count, ...shape.slice(1)], dtype }));
    },
    accepts: (inputs) => inner.accepts(steps(inputs)),
    build(weights, inputs) {
      const built = inner.build(
        weights,
        inputs.map((shape) => foldedShape(label, shape)),
      );
      return {
        call(flows, context, trainable) {
          const [batch = 0, count = 0] = flows[0]?.value.shape ?? [];
          const mask = commonMask(flows.map((flow) => flow.mask));
          return built.call(flows.map(folded), context, trainable).map(({ value }): Flow => {
            const shape = [batch, count, ...value.shape.slice(1)];
            return { value: ops.reshape(value, shape), mask };
          });
        },
      };
    },
  };
}

/** [batch, steps, …] → [batch · steps, …] */
function foldedShape(label: string, shape: FreeShape): FreeShape {
  const [batch, steps, ...rest] = shape;
  if (batch !== undefined && steps !== undefined)
    return [batch === null || steps === null ? null : batch * steps, ...rest];
  throw new HeddleError({
    op: label,
    message: `input ${showFree(shape)} has no steps`,
    roles: ['input'],
    values: { input: shape },
    fix: 'give it [batch, steps, …]',
  });
}

function folded({ value }: Flow): Flow {
  const [batch = 0, steps = 0, ...rest] = (value as Tensor).shape;
  return { value: ops.reshape(value, [batch * steps, ...rest]), mask: null };
}

function noLayer(value: unknown): HeddleError {
  const model = typeof value === 'object' && value !== null && 'outputs' in value;
  return new HeddleError({
    op: TYPE,
    message: `layer is ${model ? 'a model' : value === null || value === undefined ? value : `a ${typeof value}`}`,
    roles: ['layer'],
    values: { layer: model ? 'model' : value },
    fix: model
      ? 'put each of its layers into a timeDistributed of its own'
      : 'pass a layer: layers.timeDistributed({ layer: layers.dense({ units: 8 }) })',
  });
}
