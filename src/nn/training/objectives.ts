/** Losses, their weights and metrics of a model's outputs, from what a user says of them: for all, in order, or by name. */

import { HeddleError, unknownName } from '../../engine/index.js';
import type { LossFunction } from '../losses.js';
import { type LossSpec, resolveLoss } from '../resolve-loss.js';
import type { MetricSpec } from '../resolve-metric.js';

/** By the name of an output. */
export type ByOutput<T> = Readonly<Record<string, T>>;

/** What the tail kernel can sum beside the loss. */
const MOST_COLUMNS = 47;

/** One loss for each output. */
export function lossesOf(
  loss: LossSpec | readonly LossSpec[] | ByOutput<LossSpec>,
  outputs: readonly string[],
): LossFunction[] {
  const specs: readonly LossSpec[] = isByOutput(loss)
    ? byOutput('loss', loss, outputs)
    : Array.isArray(loss)
      ? (loss as readonly LossSpec[])
      : [loss as LossSpec];
  if (specs.length !== 1 && specs.length !== outputs.length)
    throw miscounted('loss', 'losses', specs.length, outputs);
  return outputs.map((_, index) => resolveLoss(specs[specs.length === 1 ? 0 : index] as LossSpec));
}

/** Whether `loss` is neither a loss nor a list: a file keeps a loss as its name and config. */
function isByOutput(loss: unknown): loss is ByOutput<LossSpec> {
  if (typeof loss !== 'object' || loss === null || Array.isArray(loss)) return false;
  return !('name' in loss && typeof loss.name === 'string' && 'config' in loss);
}

/** One factor for each output. */
export function lossWeightsOf(
  weights: readonly number[] | ByOutput<number> | undefined,
  outputs: readonly string[],
): number[] {
  if (weights === undefined) return outputs.map(() => 1);
  const list = Array.isArray(weights)
    ? (weights as readonly number[])
    : byOutput('lossWeights', weights as ByOutput<number>, outputs);
  if (list.length !== outputs.length) throw miscounted('lossWeights', 'loss weights', list.length, outputs);
  const wrong = list.find((weight) => typeof weight !== 'number' || !Number.isFinite(weight));
  if (wrong === undefined) return [...list];
  throw new HeddleError({
    op: 'compile',
    message: `a loss weight is ${typeof wrong === 'number' ? wrong : typeof wrong}`,
    roles: ['lossWeights'],
    values: { lossWeights: weights },
    fix: 'pass finite numbers',
  });
}

/** The metrics of each output. */
export function metricsOf(
  metrics: readonly MetricSpec[] | ByOutput<MetricSpec | readonly MetricSpec[]>,
  outputs: readonly string[],
): readonly (readonly MetricSpec[])[] {
  if (typeof metrics !== 'object' || metrics === null) {
    throw new HeddleError({
      op: 'compile',
      message: `metrics is ${typeof metrics}`,
      roles: ['metrics'],
      values: { metrics },
      fix: `pass a list, metrics: ['accuracy'], or one for each output by name`,
    });
  }
  if (Array.isArray(metrics)) return outputs.map(() => metrics as readonly MetricSpec[]);
  const named = metrics as ByOutput<MetricSpec | readonly MetricSpec[]>;
  checkOutputs(named, outputs);
  return outputs.map((name) => {
    const own = Object.hasOwn(named, name) ? (named[name] ?? []) : [];
    return Array.isArray(own) ? (own as readonly MetricSpec[]) : [own as MetricSpec];
  });
}

/** Throws where a step cannot log so many numbers beside the loss. */
export function checkColumns(columns: number): void {
  if (columns <= MOST_COLUMNS) return;
  throw new HeddleError({
    op: 'compile',
    message: `there are ${columns} metrics and losses of outputs`,
    roles: ['metrics'],
    values: { metrics: columns },
    fix: `log at most ${MOST_COLUMNS} in all outputs together`,
  });
}

/** The value of each output, in order. Throws for a missing one and an unknown name. */
function byOutput<T>(role: string, values: ByOutput<T>, outputs: readonly string[]): T[] {
  checkOutputs(values, outputs);
  return outputs.map((name) => {
    if (Object.hasOwn(values, name)) return values[name] as T;
    throw new HeddleError({
      op: 'compile',
      message: `${role} has no '${name}'`,
      roles: [role],
      values: { outputs, given: Object.keys(values) },
      fix: `pass ${role}: { ${outputs.join(': …, ')}: … }`,
    });
  });
}

function checkOutputs(values: ByOutput<unknown>, outputs: readonly string[]): void {
  const unknown = Object.keys(values).find((name) => !outputs.includes(name));
  if (unknown !== undefined) throw unknownName('compile', 'output', unknown, outputs);
}

const miscounted = (role: string, what: string, given: number, outputs: readonly string[]): HeddleError =>
  new HeddleError({
    op: 'compile',
    message: `there are ${given} ${what} for ${outputs.length} outputs`,
    roles: [role],
    values: { [role]: given, outputs },
    fix:
      outputs.length === 1
        ? 'pass one'
        : `pass one for each output, in order or by name: { ${outputs.join(': …, ')}: … }`,
  });
