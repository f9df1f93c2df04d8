/** What `compile` settles: the losses, metrics and optimizer of a model, and the variables that training adds to its store. */

import { HeddleError, rejectUnknownOptions, type Tensor, type Variable } from '../../engine/index.js';
import type { BoundOptimizer, Optimizer } from '../../optim/optimizer.js';
import { type OptimizerSpec, resolveOptimizer } from '../../optim/resolve.js';
import type { LossFunction } from '../losses.js';
import type { Network } from '../network.js';
import type { LossSpec } from '../resolve-loss.js';
import { type MetricSpec, resolveMetric } from '../resolve-metric.js';
import { type Control, createControl } from './control.js';
import { Log } from './log.js';
import { type ByOutput, checkColumns, lossesOf, lossWeightsOf, metricsOf } from './objectives.js';

export interface CompileOptions {
  /** An optimizer or its name with default options. */
  readonly optimizer: OptimizerSpec;
  /**
   * One loss for all outputs, or one for each, in order or by name: a loss, its name, or a function of (yTrue, yPred) giving one value per
   * example. Trained on is their sum, with the penalties of regularizers. Of an output whose steps are masked, values are per step, those of
   * padded steps count nothing, and the mean is over all others of the batch; targets of padded steps are anything that the loss takes.
   */
  readonly loss: LossSpec | readonly LossSpec[] | ByOutput<LossSpec>;
  /** By which each output's loss is multiplied, in order or by name. Default 1. Logs show each output's loss without it. */
  readonly lossWeights?: readonly number[] | ByOutput<number>;
  /**
   * Names or functions of (yTrue, yPred) giving one value per example: for all outputs, or by name. Default none. Logs tell those of one
   * name apart by a number: `metric`, `metric_1`. Padded steps of masked sequences count nothing here either.
   */
  readonly metrics?: readonly MetricSpec[] | ByOutput<MetricSpec | readonly MetricSpec[]>;
}

/** A metric of one output. */
export interface BoundMetric {
  readonly name: string;
  readonly output: number;
  readonly apply: (yTrue: Tensor, yPred: Tensor) => Tensor;
}

/** Gives back the variables that `createSetup` made. */
export function disposeSetup({ store }: Network, { bound, log, evaluation }: Setup): void {
  bound.dispose();
  log.dispose();
  evaluation.log.dispose();
  for (const { ref } of Object.values(evaluation.control)) if (store.holds(ref)) store.remove(ref);
}

export interface Setup {
  readonly optimizer: Optimizer;
  readonly bound: BoundOptimizer;
  /** One for each output, and its factor. */
  readonly losses: readonly LossFunction[];
  readonly lossWeights: readonly number[];
  /** As `compile` was told them, for each output. */
  readonly metricSpecs: readonly (readonly MetricSpec[])[];
  /** What is trained: settled here, whatever becomes of `trainable` before the next `compile`. */
  readonly trained: { readonly variables: readonly Variable[]; readonly layers: ReadonlySet<object> };
  readonly metrics: readonly BoundMetric[];
  readonly log: Log;
  /** Evaluation counts on its own, so that it may run in the midst of training. */
  readonly evaluation: { readonly control: Control; readonly log: Log };
}

const OPTIONS = ['optimizer', 'loss', 'lossWeights', 'metrics'] as const;

const lossNames = (outputNames: readonly string[]): string[] => [
  'loss',
  ...(outputNames.length > 1 ? outputNames.map((name) => `${name}_loss`) : []),
];

export function createSetup(network: Network, options: CompileOptions): Setup {
  rejectUnknownOptions('compile', options, OPTIONS);
  const optimizer = resolveOptimizer(options.optimizer);
  const { outputNames } = network;
  const several = outputNames.length > 1;
  const losses = lossesOf(options.loss, outputNames);
  const metricSpecs = metricsOf(options.metrics ?? [], outputNames);
  const logged = metricSpecs.flat().length + (several ? outputNames.length : 0);
  // Before they are resolved: a file may name a million.
  checkColumns(logged);
  const taken = new Set(lossNames(outputNames));
  const metrics = losses.flatMap((loss, output) =>
    (metricSpecs[output] ?? []).map((spec) => {
      const outputShape = network.outputs[output]?.shape ?? [];
      const { name, apply } = resolveMetric(spec, { loss, outputShape });
      checkMetricName(name);
      return { name: counted(several ? `${outputNames[output]}_${name}` : name, taken), output, apply };
    }),
  );
  const lossWeights = lossWeightsOf(options.lossWeights, outputNames);
  const variables = network.trainableWeights;
  // The sum; for several outputs the loss of each; the metrics.
  const columns = [...lossNames(outputNames).map((name) => ({ name, output: null })), ...metrics];
  return {
    optimizer,
    bound: optimizer.bind(network.store, variables),
    losses,
    lossWeights,
    metricSpecs,
    trained: { variables, layers: new Set<object>(network.leaves.filter(({ trainable }) => trainable)) },
    metrics,
    log: new Log(network.store, 'log', columns),
    evaluation: {
      control: createControl(network.store, 'evaluation'),
      log: new Log(network.store, 'evaluation/log', columns),
    },
  };
}

/** Logs keep these names for themselves. */
function checkMetricName(name: string): void {
  if (name !== 'loss' && !name.startsWith('val_')) return;
  throw new HeddleError({
    op: 'compile',
    message: `a metric is named '${name}'`,
    roles: ['metrics'],
    values: { name },
    fix: "give the function a metricName other than 'loss' and without 'val_' before it",
  });
}

/** `name`, or the first of `name_1`, `name_2` … that is not in `taken`, which then has it. */
function counted(name: string, taken: Set<string>): string {
  let unique = name;
  for (let count = 1; taken.has(unique); count++) unique = `${name}_${count}`;
  taken.add(unique);
  return unique;
}
