/** Models from JSON. Whatever a file says is checked: it may come from anywhere. */

import { HeddleError, unknownName } from '../engine/index.js';
import type { NetworkConfig } from './config.js';
import type { AnyLayer, Kinds, LayerConfig, LayerFactory } from './layer.js';
import * as exported from './layers/index.js';
import type { CellFactory } from './layers/recurrent/cell.js';
import { MODEL_TYPE } from './nested.js';
import { Network } from './network.js';
import type { GraphSpec } from './network-spec.js';
import { input, type SymbolicTensor } from './symbolic.js';
import type { InitialWeights } from './weights.js';

/** What restoring needs of a factory, whatever its options. */
export type RestorableLayer = Pick<LayerFactory<never, AnyLayer>, 'type' | 'restore'>;

/** The same of a kind of cells. */
export type RestorableCell = Pick<CellFactory, 'type' | 'restoreCell'>;

/** Every layer that the library exports; `input` makes no layer. */
const BUILT_IN: readonly RestorableLayer[] = Object.values(exported).filter((kind) => 'restore' in kind);

export interface RestoreOptions {
  /** The user's own kinds of layers, and of cells for `layers.rnn`, by type or any other key: `{ scale }`. */
  readonly layers?: Readonly<Record<string, RestorableLayer | RestorableCell>>;
}

/** How models, those within models too, are made. */
interface Making extends RestoreOptions {
  readonly make: (spec: GraphSpec) => Network;
  /** By path: `encoder/dense_1/kernel`. */
  readonly initial?: InitialWeights | undefined;
}

/** Models within models; a file that says otherwise means harm. */
const DEEPEST = 32;

/** The model that `config` tells of, with fresh weights. Throws like `specFromConfig`. */
export const networkFromConfig = (config: unknown, options: RestoreOptions = {}): Network =>
  new Network(specFromConfig(config, { ...options, make: (spec) => new Network(spec) }));

/**
 * What `config` tells of, as a model's constructor takes it. A sequential model comes back as a functional one of the same layers,
 * names and weights.
 *
 * @throws HeddleError for anything that is no config, an unknown format, unknown types of layers (with the nearest one), options that
 * they do not have, and references to what is not there.
 */
export function specFromConfig(config: unknown, options: Making, depth = 0): GraphSpec {
  if (depth > DEEPEST) throw malformed(`models stand within models, more than ${DEEPEST} deep`);
  const { name, seed, inputs, layers, calls, outputs } = checkedConfig(config);
  const kinds = new Map<string, RestorableLayer | RestorableCell>();
  for (const kind of [...BUILT_IN, ...Object.values(options.layers ?? {})]) kinds.set(kind.type, kind);
  const owned: Network[] = [];
  const made = layers.map((layer): AnyLayer => {
    if (layer.type !== MODEL_TYPE) return restored(layer, kinds);
    const inner = options.make(specFromConfig(layer.options.model, within(options, layer.name), depth + 1));
    owned.push(inner);
    return inner.asLayer(layer.name);
  });
  const tensors: SymbolicTensor[] = inputs.map((one) => input(one));
  const ends = [...tensors];
  const tensorAt = (index: number): SymbolicTensor => at(tensors, 'tensor', index);
  for (const call of calls) {
    tensors.push(...at(made, 'layer', call.layer).use(call.inputs.map(tensorAt)));
  }
  const { initial } = options;
  return {
    name,
    seed,
    inputs: ends,
    outputs: outputs.map(tensorAt),
    owned,
    ...(initial ? { initial } : {}),
  };
}

/** The same for a model that is the layer `name`. */
const within = ({ initial, ...options }: Making, name: string): Making => ({
  ...options,
  initial: initial && ((weight, shape) => initial(`${name}/${weight}`, shape)),
});

function restored(config: LayerConfig, kinds: Kinds): AnyLayer {
  const kind = kinds.get(config.type);
  if (kind && isLayerKind(kind)) return kind.restore(config, kinds);
  const names = [...kinds.values()].filter(isLayerKind).map(({ type }) => type);
  const unknown = unknownName('load', 'layer type', config.type, names);
  throw new HeddleError({
    op: 'load',
    message: `unknown layer type '${config.type}'`,
    roles: unknown.roles,
    values: unknown.values,
    fix: `pass your own kinds of layers: { layers: { ${config.type} } }. Otherwise: ${unknown.fix}`,
  });
}

const isLayerKind = (kind: { readonly type: string }): kind is RestorableLayer => 'restore' in kind;

function at<T>(list: readonly T[], what: string, index: number): T {
  const found = Number.isInteger(index) ? list[index] : undefined;
  if (found !== undefined) return found;
  throw malformed(`there is no ${what} number ${index}`);
}

const malformed = (message: string): HeddleError =>
  new HeddleError({
    op: 'load',
    message: `the model's config is damaged: ${message}`,
    roles: ['config'],
    values: { fault: message },
    fix: 'save the model again',
  });

function checkedConfig(config: unknown): NetworkConfig {
  const { format, name, seed, inputs, layers, calls, outputs } = object('config', config);
  if (format !== 1) throw malformed(`format ${String(format)} is unknown`);
  if (typeof name !== 'string') throw malformed('name is no string');
  if (typeof seed !== 'number') throw malformed('seed is no number');
  for (const one of list('inputs', inputs)) object('an input', one);
  for (const one of list('layers', layers)) checkedLayer(one);
  for (const one of list('calls', calls)) list('the inputs of a call', object('a call', one).inputs);
  list('outputs', outputs);
  return config as NetworkConfig;
}

function checkedLayer(value: unknown): LayerConfig {
  const { type, name, trainable, options } = object('a layer', value);
  if (typeof type !== 'string' || typeof name !== 'string') throw malformed('a layer has no type or name');
  if (typeof trainable !== 'boolean') throw malformed(`layer '${name}' has no trainable`);
  object(`the options of layer '${name}'`, options);
  return value as LayerConfig;
}

function object(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw malformed(`${what} is no object`);
}

function list(what: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(`${what} is no list`);
}
