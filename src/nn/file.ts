/**
 * Models as files: one `.safetensors` with the weights, the optimizer's state, the counters, and the config as JSON in its metadata. A
 * model that is loaded goes on training with the bits of one that was never put away.
 */

import {
  HeddleError,
  type HostTensor,
  type NDArray,
  type TensorType,
  type Variable,
} from '../engine/index.js';
import { parse, serialize } from '../formats/safetensors.js';
import { findDuplicateKey } from '../formats/safetensors-keys.js';
import { type ByteSource, readSource } from '../formats/safetensors-source.js';
import type { OptimizerConfig } from '../optim/optimizer.js';
import type { LossConfig } from './losses.js';
import { Model, type Prediction } from './model.js';
import type { LossSpec } from './resolve-loss.js';
import type { MetricSpec } from './resolve-metric.js';
import { type RestoreOptions, specFromConfig } from './restore.js';
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
  readonly metrics: readonly (string | null)[];
  readonly position: Position;
}

interface ModelFile {
  readonly version: number;
  readonly model: unknown;
  readonly training: TrainingConfig | null;
}

export interface LoadOptions extends RestoreOptions {
  /** Losses of the user's own, which a file cannot hold: one, or one for each output. */
  readonly loss?: LossSpec | readonly LossSpec[];
  /** All metrics, where some are functions of the user's own. */
  readonly metrics?: readonly MetricSpec[];
}

/**
 * The bytes of a `.safetensors` file: weights, and for a compiled model the optimizer's state, step (which counts the random numbers
 * too), epoch and cursor. Runs between whole steps of a `fit` in work.
 *
 * @throws HeddleError for layers with functions of the user's own among their options.
 */
export async function save(model: Model): Promise<Uint8Array<ArrayBuffer>> {
  const training = model.compiled ? trainingConfigOf(model) : null;
  const file: ModelFile = { version: VERSION, model: model.config, training };
  const names = [...tensorsOf(model)];
  const values = await Promise.all(
    names.map(async ([name, variable]) => [name, await variable.read()] as const),
  );
  return serialize(new Map<string, HostTensor>(values), { [KEY]: JSON.stringify(file) });
}

/**
 * The model in a file: an address, a chosen `File`, or bytes. Compiled, if it was when it was saved; `fit({ resume: true })` then goes on
 * where it stopped.
 *
 * @throws HeddleError for a file that is cut short, damaged or hostile, holds no model of Heddle's, or tensors of wrong shapes, and for
 * own layers, losses or metrics that `options` does not name. Nothing is left behind then.
 */
export async function load<P extends Prediction = NDArray>(
  source: ByteSource,
  options: LoadOptions = {},
): Promise<Model<P>> {
  const { bytes, name } = await readSource(source);
  const { tensors, metadata } = parse(bytes, name);
  const file = checkedFile(metadata[KEY], name);
  const initial: InitialWeights = (weight, shape) =>
    tensorFor(tensors, `weights/${weight}`, { shape, dtype: 'float32' }, name)
      .data as Float32Array<ArrayBuffer>;
  // Made of the file's own tensors, so that a config cannot ask for more memory than the file has.
  const model = new Model<P>({ ...specFromConfig(file.model, options), initial });
  try {
    if (file.training) compileAs(model, file.training, options, name);
    fill(model, tensors, name);
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
  for (const weight of model.weights) yield [`weights/${weight.name}`, weight];
  if (!model.compiled) return;
  const { bound } = model.trainer('save').setup;
  for (const slot of bound.slots) yield [`optimizer/${slot.name}`, slot];
  yield ['control/step', model.control.step];
}

function trainingConfigOf(model: Model): TrainingConfig {
  const { setup, options, position } = model.trainer('save');
  const { name, config } = setup.optimizer;
  return {
    optimizer: { name, config },
    losses: setup.losses.map(({ lossName, config: own }) =>
      lossName ? { name: lossName, config: own ?? {} } : null,
    ),
    metrics: (options.metrics ?? []).map((metric) => (typeof metric === 'string' ? metric : null)),
    position: { ...position },
  };
}

function compileAs(model: Model, training: TrainingConfig, options: LoadOptions, file: string): void {
  const { optimizer, losses, metrics } = training;
  if (!Array.isArray(losses) || !Array.isArray(metrics))
    throw damaged(file, 'its training config has no losses or metrics');
  const needed = [
    !options.loss && losses.includes(null) && 'loss',
    !options.metrics && metrics.includes(null) && 'metrics',
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
  model.compile({
    optimizer,
    loss: options.loss ?? (losses as readonly NamedConfig<LossConfig>[]),
    metrics: options.metrics ?? (metrics as readonly string[]),
  });
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
  const { version, model, training = null } = value ?? {};
  if (version !== VERSION)
    throw damaged(file, `its version is ${String(version)}, this library reads ${VERSION}`);
  return { version, model, training };
}

function checkedPosition(
  position: Partial<Position> | undefined,
  tensors: ReadonlyMap<string, HostTensor>,
  file: string,
): Position {
  const { epoch = -1, batch = -1, step = -1 } = position ?? {};
  const counted = [epoch, batch, step].every((count) => Number.isSafeInteger(count) && count >= 0);
  if (counted && step === tensors.get('control/step')?.data[0]) return { epoch, batch, step };
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
