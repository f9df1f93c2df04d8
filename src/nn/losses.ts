/**
 * Losses: functions of (yTrue, yPred) that give one value per example. A loss of the user's own is such a function; the built-in ones
 * carry a name, what kind of targets they take, and the options that make them again.
 */

import { HeddleError, ops, rejectUnknownOptions, type Tensor } from '../engine/index.js';
import { classesOf, lastAxisMean, targetLike } from './targets.js';

export type LossConfig = Readonly<Record<string, boolean>>;

/**
 * yTrue and yPred → one value per example: [batch], or [batch, …], which training averages over the further axes. For outputs of masked
 * sequences it has to be one per step, [batch, steps] or [batch, steps, …]: the mask then says which count.
 * - `target: 'classes'`: yTrue holds int32 labels, `[batch]` or `[batch, 1]`;
 * - `target: 'values'`: yTrue holds float32 values of the shape of yPred;
 * - without: yTrue comes as the data is.
 */
export type LossFunction = ((yTrue: Tensor, yPred: Tensor) => Tensor) & {
  readonly lossName?: string;
  readonly target?: 'classes' | 'values';
  readonly config?: LossConfig;
};

export interface CrossentropyOptions {
  /** Whether the model ends without softmax or sigmoid. Default `false`. With it the loss is faster and more exact. */
  readonly fromLogits?: boolean;
}

/** Probabilities are kept this far from 0 and 1, as Keras does, so that their logarithms are finite. */
const EPSILON = 1e-7;

/** mean((yTrue − yPred)²) over the last axis: [batch, …, n] → [batch, …]. */
export function meanSquaredError(options: Readonly<Record<string, never>> = {}): LossFunction {
  rejectUnknownOptions('meanSquaredError', options, []);
  return lossOf('meanSquaredError', 'values', {}, (yTrue, yPred) =>
    lastAxisMean(ops.square(ops.sub(yPred, targetLike('meanSquaredError', yTrue, yPred)))),
  );
}

/** mean(|yTrue − yPred|) over the last axis: [batch, …, n] → [batch, …]. */
export function meanAbsoluteError(options: Readonly<Record<string, never>> = {}): LossFunction {
  rejectUnknownOptions('meanAbsoluteError', options, []);
  return lossOf('meanAbsoluteError', 'values', {}, (yTrue, yPred) =>
    lastAxisMean(ops.abs(ops.sub(yPred, targetLike('meanAbsoluteError', yTrue, yPred)))),
  );
}

/**
 * mean(−t·log p − (1 − t)·log(1 − p)) over the last axis, p = yPred within [1e-7, 1 − 1e-7], or sigmoid(yPred) with `fromLogits`:
 * [batch, …, n] → [batch, …]. t in [0, 1].
 */
export function binaryCrossentropy(options: CrossentropyOptions = {}): LossFunction {
  const name = 'binaryCrossentropy';
  const fromLogits = checkedFromLogits(name, options);
  return lossOf(name, 'values', { fromLogits }, (yTrue, yPred) => {
    const target = targetLike(name, yTrue, yPred);
    if (fromLogits) return lastAxisMean(ops.sigmoidCrossentropy(yPred, target));
    const p = clipped(yPred);
    const positive = ops.mul(target, ops.log(p));
    const negative = ops.mul(ops.sub(1, target), ops.log(ops.sub(1, p)));
    return lastAxisMean(ops.neg(ops.add(positive, negative)));
  });
}

/**
 * −Σ t·log p over the classes, the last axis: [batch, …, classes] → [batch, …]. p = yPred divided by its sum, within
 * [1e-7, 1 − 1e-7], or softmax(yPred) with `fromLogits`. yTrue holds a probability for each class, one-hot rows mostly.
 */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): LossFunction {
  const name = 'categoricalCrossentropy';
  const fromLogits = checkedFromLogits(name, options);
  return lossOf(name, 'values', { fromLogits }, (yTrue, yPred) => {
    const target = targetLike(name, yTrue, yPred);
    return fromLogits ? ops.softmaxCrossentropy(yPred, target) : crossentropyOf(target, yPred);
  });
}

/**
 * −log p[label]: labels int32 [batch, …] or [batch, …, 1], yPred [batch, …, classes] → [batch, …]. p as for
 * `categoricalCrossentropy`. Labels are 0 … classes − 1; `fit` checks that, at padded steps too, where a mask makes them count nothing: put 0
 * there, not −1.
 */
export function sparseCategoricalCrossentropy(options: CrossentropyOptions = {}): LossFunction {
  const name = 'sparseCategoricalCrossentropy';
  const fromLogits = checkedFromLogits(name, options);
  return lossOf(name, 'classes', { fromLogits }, (yTrue, yPred) => {
    const labels = classesOf(name, yTrue, yPred);
    if (fromLogits) return ops.sparseSoftmaxCrossentropy(yPred, labels);
    return crossentropyOf(ops.oneHot(labels, { depth: yPred.shape.at(-1) ?? 1 }), yPred);
  });
}

/** `apply` with what saving and resolving a loss go by. */
function lossOf(
  lossName: string,
  target: 'classes' | 'values',
  config: LossConfig,
  apply: (yTrue: Tensor, yPred: Tensor) => Tensor,
): LossFunction {
  return Object.freeze(Object.assign(apply, { lossName, target, config: Object.freeze(config) }));
}

function checkedFromLogits(op: string, options: CrossentropyOptions): boolean {
  rejectUnknownOptions(op, options, ['fromLogits']);
  const { fromLogits = false } = options;
  if (typeof fromLogits === 'boolean') return fromLogits;
  throw new HeddleError({
    op,
    message: `fromLogits is ${typeof fromLogits}`,
    roles: ['fromLogits'],
    values: { fromLogits },
    fix: 'pass true or false',
  });
}

const clipped = (p: Tensor): Tensor => ops.minimum(ops.maximum(p, EPSILON), 1 - EPSILON);

function crossentropyOf(target: Tensor, yPred: Tensor): Tensor {
  const p = clipped(ops.div(yPred, ops.sum(yPred, { axis: -1, keepDims: true })));
  return ops.neg(ops.sum(ops.mul(target, ops.log(p)), { axis: -1 }));
}
