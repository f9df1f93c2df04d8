/** Metrics: functions of (yTrue, yPred) that give one value per example, averaged over the examples of a batch and of an epoch. */

import type { FreeShape } from '../data/spec.js';
import { HeddleError, ops, type Tensor, unknownName } from '../engine/index.js';
import { type LossFunction, resolveLoss } from './losses.js';
import { classesOf, lastAxisMean, targetLike } from './targets.js';

/** One value per example: [batch], or [batch, …], which training averages over the further axes. Any dtype. */
export type MetricFunction = ((yTrue: Tensor, yPred: Tensor) => Tensor) & {
  /** Its name in logs. Default: the function's own name. */
  readonly metricName?: string;
};

/** The name of a metric, or a function of the user's own. */
export type MetricSpec = string | MetricFunction;

/** What a metric is computed for: it decides what `accuracy` means. */
export interface MetricContext {
  readonly loss: LossFunction;
  /** Of the output, batch first. */
  readonly outputShape: FreeShape;
}

export interface ResolvedMetric {
  /** In logs: `accuracy`. */
  readonly name: string;
  readonly apply: (yTrue: Tensor, yPred: Tensor) => Tensor;
}

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

const ERRORS = ['meanSquaredError', 'mse', 'meanAbsoluteError', 'mae'] as const;

const BUILT_IN: ReadonlyMap<string, ResolvedMetric['apply']> = new Map<string, ResolvedMetric['apply']>([
  ['binaryAccuracy', (yTrue, yPred) => binaryAccuracy(yTrue, yPred)],
  ['categoricalAccuracy', categoricalAccuracy],
  ['sparseCategoricalAccuracy', sparseCategoricalAccuracy],
  ...ERRORS.map((name): [string, ResolvedMetric['apply']] => [name, resolveLoss(name)]),
]);

const NAMES = ['accuracy', 'acc', ...BUILT_IN.keys()];

/**
 * The metric that `spec` means.
 *
 * `accuracy` (or `acc`) means, and logs say `accuracy`:
 * - `sparseCategoricalAccuracy` where the loss takes labels;
 * - `binaryAccuracy` where the loss is `binaryCrossentropy` (as in TF.js; Keras goes by shapes alone) or the output has one unit. For a loss
 *   on logits it counts yPred > 0, which is a probability above one half; Keras counts logits above 0.5.
 * - `categoricalAccuracy` else; for a loss of the user's own the targets decide between it and the sparse form.
 *
 * @throws HeddleError for an unknown name (with the nearest one) and anything that is no metric.
 */
export function resolveMetric(spec: MetricSpec, context: MetricContext): ResolvedMetric {
  if (typeof spec === 'function') return { name: nameOf(spec), apply: spec };
  if (typeof spec !== 'string') {
    throw new HeddleError({
      op: 'compile',
      message: `expected a metric, got ${spec === null ? 'null' : typeof spec}`,
      roles: ['metrics'],
      values: { metric: spec },
      fix: "pass a name ('accuracy') or a function of (yTrue, yPred)",
    });
  }
  if (spec === 'accuracy' || spec === 'acc') return { name: 'accuracy', apply: accuracyFor(context) };
  const apply = BUILT_IN.get(spec);
  if (!apply) throw unknownName('compile', 'metric', spec, NAMES);
  return { name: spec, apply };
}

const nameOf = (metric: MetricFunction & { readonly lossName?: string }): string =>
  metric.metricName ?? metric.lossName ?? (metric.name || 'metric');

function accuracyFor({ loss, outputShape }: MetricContext): ResolvedMetric['apply'] {
  if (loss.target === 'classes') return sparseCategoricalAccuracy;
  if (loss.lossName === 'binaryCrossentropy' || outputShape.at(-1) === 1) {
    const threshold = loss.config?.fromLogits ? 0 : 0.5;
    return (yTrue, yPred) => binaryAccuracy(yTrue, yPred, threshold);
  }
  if (loss.target === 'values') return categoricalAccuracy;
  return (yTrue, yPred) =>
    (areLabels(yTrue, yPred) ? sparseCategoricalAccuracy : categoricalAccuracy)(yTrue, yPred);
}

const areLabels = (yTrue: Tensor, yPred: Tensor): boolean =>
  yTrue.shape.length < yPred.shape.length || (yTrue.shape.at(-1) === 1 && yPred.shape.at(-1) !== 1);
