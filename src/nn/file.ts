/**
 * Models as files: one `.safetensors` with the weights, the optimizer's state, the counters, and the config as JSON in its metadata. A
 * model that is loaded goes on training with the bits of one that was never put away, unless its layers keep states between batches: these
 * begin with zeros again.
 */

import {
  checkedTable,
  HeddleError,
  type HostTensor,
  type NDArray,
  rejectUnknownOptions,
  type TensorType,
  type TuningTable,
  type Variable,
} from '../engine/index.js';
import { parse, serialize } from '../formats/safetensors.js';
import { findDuplicateKey } from '../formats/safetensors-keys.js';
import { type ByteSource, readSource } from '../formats/safetensors-source.js';
import type { OptimizerConfig } from '../optim/optimizer.js';
import type { LossConfig } from './losses.js';
import { Model, type Prediction } from './model.js';
import type { GraphSpec } from './network-spec.js';
import { layerPaths, weightPaths } from './paths.js';
import { type RestoreOptions, specFromConfig } from './restore.js';
import type { CompileOptions, Setup } from './training/setup.js';
import type { Position } from './training/trainer.js';
import type { InitialWeights } from './weights.js';

const VERSION = 1;
/** The metadata key that marks a file as ours. */
const KEY = 'heddle';

interface NamedConfig<C> {
  readonly name: string;
  readonly config: C;
}

interface TrainingConfig {
  readonly optimizer: NamedConfig<OptimizerConfig>;
  /** `null` for a function of the user's own. */
  readonly losses: readonly (NamedConfig<LossConfig> | null)[];
  /** Of all outputs, or by output. */
  readonly metrics: readonly (string | null)[] | Readonly<Record<string, readonly (string | null)[]>>;
  /** One for each output; missing where all are 1. */
  readonly lossWeights?: readonly number[];
  /** Paths of the layers that were trainable at `compile`; missing where they are those that are now. */
  readonly trained?: readonly string[];
  readonly position: Position;
}

interface ModelFile {
  readonly version: number;
  readonly model: unknown;
  readonly training: TrainingConfig | null;
  /** Missing where the model has none. */
  readonly tuning?: TuningTable;
}

export interface LoadOptions extends RestoreOptions {
  /** Losses of the user's own, which a file cannot hold: one, or one for each output. */
  readonly loss?: CompileOptions['loss'];
  /** All metrics, where some are functions of the user's own. */
  readonly metrics?: NonNullable<CompileOptions['metrics']>;
}

const OPTIONS = ['layers', 'loss', 'metrics'] as const;

/**
 * The bytes of a `.safetensors` file: weights, and for a compiled model the optimizer's state, step (which counts the random numbers
 * too), epoch and cursor; no states of `stateful` layers. Runs between whole steps of a `fit` in work.
 *
 * @throws HeddleError for layers with functions of the user's own among their options.
 */
export async function save(model: Model): Promise<Uint8Array<ArrayBuffer>> {
  // The position and all reads belong to one moment: nothing is awaited in between.
  const [file, values] = await model.beside(async () => {
    const { tuning } = model;
    const configAt = model.compiled ? trainingConfigOf(model) : null;
    const read = async ([name, variable]: [string, Variable]) => [name, await variable.read()] as const;
    const tensors = new Map<string, HostTensor>(await Promise.all([...tensorsOf(model)].map(read)));
    const training = configAt?.(tensors.get('control/step')?.data[0] ?? 0) ?? null;
    const config: ModelFile = {
      version: VERSION,
      model: model.config,
      training,
      ...(tuning ? { tuning } : {}),
    };
    return [config, tensors] as const;
  });
  return serialize(values, { [KEY]: JSON.stringify(file) });
}

/**
 * The model in a file: an address, a chosen `File`, or bytes. Compiled, if it was when it was saved; `fit({ resume: true })` then goes on
 * where it stopped.
 *
 * @throws HeddleError for a file that is cut short, damaged or hostile, holds no model of Heddle's, or tensors of wrong shapes, for an
 * unknown option, and for own layers, losses or metrics that `options` does not name. Nothing is left behind then.
 */
export async function load<P extends Prediction = NDArray>(
  source: ByteSource,
  options: LoadOptions = {},
): Promise<Model<P>> {
  rejectUnknownOptions('load', options, OPTIONS);
  const { bytes, name } = await readSource(source);
  const { tensors, metadata } = parse(bytes, name);
  const file = checkedFile(metadata[KEY], name);
  const initial: InitialWeights = (weight, shape) =>
    tensorFor(tensors, `weights/${weight}`, { shape, dtype: 'float32' }, name)
      .data as Float32Array<ArrayBuffer>;
  // Made of the file's own tensors, so that a config cannot ask for more memory than the file has.
  const making = { ...options, initial, make: (spec: GraphSpec) => new Model(spec) };
  const model = new Model<P>(specFromConfig(file.model, making));
  try {
    if (file.training) compileAs(model, file.training, options, name);
    fill(model, tensors, name);
    if (file.tuning) model.adoptTuning(file.tuning, true);
    if (file.training)
      Object.assign(model.trainer('load').position, checkedPosition(file.training.position, tensors, name));
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Everything that a file keeps, by name. */
function* tensorsOf(model: Model): Generator<[string, Variable]> {
  const weights = weightPaths(model.layers);
  for (const [path, weight] of weights) yield [`weights/${path}`, weight];
  if (!model.compiled) return;
  const { bound, trained } = model.trainer('save').setup;
  const paths = new Map([...weights].map(([path, weight]) => [weight, path]));
  for (const [index, slot] of bound.slots.entries()) {
    const weight = trained.variables[index % trained.variables.length] as Variable;
    yield [`optimizer/${paths.get(weight)}${slot.name.slice(weight.name.length)}`, slot];
  }
  yield ['control/step', model.control.step];
}

/** The config as it is now, for a number of steps that the device turns out to have done. */
function trainingConfigOf(model: Model): (step: number) => TrainingConfig {
  const trainer = model.trainer('save');
  const { setup } = trainer;
  const { name, config } = setup.optimizer;
  const locate = trainer.locator();
  return (step) => ({
    optimizer: { name, config },
    losses: setup.losses.map(({ lossName, config: own }) =>
      lossName ? { name: lossName, config: own ?? {} } : null,
    ),
    metrics: metricsOf(model, setup),
    ...(setup.lossWeights.every((weight) => weight === 1) ? {} : { lossWeights: setup.lossWeights }),
    ...trainedOf(model, setup),
    position: locate(step),
  });
}

function metricsOf({ outputNames }: Model, { metricSpecs }: Setup): TrainingConfig['metrics'] {
  const kept = metricSpecs.map((specs) => specs.map((one) => (typeof one === 'string' ? one : null)));
  const [first = []] = kept;
  if (kept.every((names) => JSON.stringify(names) === JSON.stringify(first))) return first;
  return Object.fromEntries(kept.map((names, index) => [outputNames[index] ?? '', names]));
}

/** The optimizer has slots for what was trainable when it was bound. */
function trainedOf(model: Model, { trained }: Setup): Pick<TrainingConfig, 'trained'> {
  const paths = [...layerPaths(model.layers)];
  if (paths.every(([, layer]) => layer.trainable === trained.layers.has(layer))) return {};
  return { trained: paths.filter(([, layer]) => trained.layers.has(layer)).map(([path]) => path) };
}

function compileAs(model: Model, training: TrainingConfig, options: LoadOptions, file: string): void {
  const { optimizer, losses, metrics, lossWeights, trained } = training;
  const lists: readonly unknown[] =
    Array.isArray(metrics) || typeof metrics !== 'object' || metrics === null
      ? [metrics]
      : Object.values(metrics);
  if (!Array.isArray(losses) || !lists.every(Array.isArray))
    throw damaged(file, 'its training config has no losses or metrics');
  const needed = [
    !options.loss && losses.includes(null) && 'loss',
    !options.metrics && lists.flat().includes(null) && 'metrics',
  ].filter(Boolean);
  if (needed.length > 0) {
    throw new HeddleError({
      op: 'load',
      message: `${file} was trained with functions of the user's own, which it cannot hold: ${needed.join(', ')}`,
      roles: needed as string[],
      values: { file },
      fix: `pass them: load(source, { ${needed.map((one) => `${one}: …`).join(', ')} })`,
    });
  }
  const layers = [...layerPaths(model.layers)];
  const now = layers.map(([, layer]) => layer.trainable);
  if (trained) for (const [path, layer] of layers) layer.trainable = trained.includes(path);
  model.compile({
    optimizer,
    loss: options.loss ?? (losses as readonly NamedConfig<LossConfig>[]),
    metrics: options.metrics ?? (metrics as readonly string[]),
    ...(lossWeights ? { lossWeights } : {}),
  });
  for (const [index, [, layer]] of layers.entries()) layer.trainable = now[index] as boolean;
}

/** Gives each variable its tensor; all are checked before the first is written. */
function fill(model: Model, tensors: ReadonlyMap<string, HostTensor>, file: string): void {
  const wanted = new Map(tensorsOf(model));
  const unknown = [...tensors.keys()].find((name) => !wanted.has(name));
  if (unknown !== undefined) throw damaged(file, `the model has no place for the tensor '${unknown}'`);
  const values = [...wanted].map(
    ([name, variable]) => [variable, tensorFor(tensors, name, variable, file)] as const,
  );
  for (const [variable, value] of values) variable.assign(value);
}

/** The tensor `name`, where it is what the model needs. */
function tensorFor(
  tensors: ReadonlyMap<string, HostTensor>,
  name: string,
  { shape, dtype }: TensorType,
  file: string,
): HostTensor {
  const tensor = tensors.get(name);
  if (!tensor) throw damaged(file, `the tensor '${name}' is missing`);
  const same =
    tensor.dtype === dtype &&
    tensor.shape.length === shape.length &&
    tensor.shape.every((extent, axis) => extent === shape[axis]);
  if (same) return tensor;
  throw damaged(
    file,
    `'${name}' is ${tensor.dtype}[${tensor.shape.join(',')}], the model needs ${dtype}[${shape.join(',')}]`,
  );
}

function checkedFile(json: string | undefined, file: string): ModelFile {
  if (json === undefined)
    throw damaged(file, `its metadata has no '${KEY}': it holds tensors, but no model of Heddle's`);
  let value: Partial<ModelFile> | null;
  try {
    value = JSON.parse(json) as Partial<ModelFile> | null;
  } catch (cause) {
    throw damaged(file, 'its config is no JSON', cause);
  }
  const duplicate = findDuplicateKey(json);
  if (duplicate) throw damaged(file, `its config has the key '${duplicate.key}' twice`);
  const { version, model, training = null, tuning } = value ?? {};
  if (version !== VERSION)
    throw damaged(file, `its version is ${String(version)}, this library reads ${VERSION}`);
  if (tuning === undefined) return { version, model, training };
  return { version, model, training, tuning: checkedTable('load', tuning, `the tuning table in ${file}`) };
}

function checkedPosition(
  position: Partial<Position> | undefined,
  tensors: ReadonlyMap<string, HostTensor>,
  file: string,
): Position {
  const { epoch = -1, batch = -1, step = -1, rows = -1, batchSize = -1 } = position ?? {};
  const counts = [epoch, batch, step, rows, batchSize];
  const counted = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (counted && step === tensors.get('control/step')?.data[0])
    return { epoch, batch, step, rows, batchSize };
  throw damaged(file, `its position is ${JSON.stringify(position)}`);
}

const damaged = (file: string, fault: string, cause?: unknown): HeddleError =>
  new HeddleError({
    op: 'load',
    message: `${file}: ${fault}`,
    roles: ['file'],
    values: { file, fault },
    fix: 'save the model again with save()',
    cause,
  });
