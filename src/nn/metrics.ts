/** Metrics: functions of (yTrue, yPred) that give one value per example, averaged over the examples of a batch and of an epoch. */

import { ops, type Tensor } from '../engine/index.js';
import { classesOf, lastAxisMean, targetLike } from './targets.js';

/** One value per example: [batch], or [batch, …], which training averages over the further axes. Any dtype. */
export type MetricFunction = ((yTrue: Tensor, yPred: Tensor) => Tensor) & {
  /** Its name in logs. Default: the function's own name. */
  readonly metricName?: string;
};

/** Share of the last axis where yPred > `threshold` agrees with yTrue (0 or 1): [batch, …, n] → [batch, …]. */
export function binaryAccuracy(yTrue: Tensor, yPred: Tensor, threshold = 0.5): Tensor {
  const positive = ops.cast(ops.greater(yPred, threshold), 'float32');
  return lastAxisMean(asNumber(ops.equal(targetLike('binaryAccuracy', yTrue, yPred), positive)));
}

/** 1 where the largest class of yPred is that of yTrue, else 0: [batch, …, classes] → [batch, …]. The first counts among equals. */
export function categoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  const target = targetLike('categoricalAccuracy', yTrue, yPred);
  return asNumber(ops.equal(ops.argMax(target), ops.argMax(yPred)));
}

/** 1 where the largest class of yPred is the label, else 0: labels [batch, …] or [batch, …, 1], yPred [batch, …, classes] → [batch, …]. */
export function sparseCategoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  return asNumber(ops.equal(classesOf('sparseCategoricalAccuracy', yTrue, yPred), ops.argMax(yPred)));
}

const asNumber = (condition: Tensor): Tensor => ops.cast(condition, 'float32');
