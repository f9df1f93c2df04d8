/** From what a user or a file says to a metric, and what `accuracy` means. */

import type { FreeShape } from '../data/spec.js';
import { HeddleError, type Tensor, unknownName } from '../engine/index.js';
import type { LossFunction } from './losses.js';
import {
  binaryAccuracy,
  categoricalAccuracy,
  type MetricFunction,
  sparseCategoricalAccuracy,
} from './metrics.js';
import { resolveLoss } from './resolve-loss.js';

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
