/** What `compile` settles: the losses, metrics and optimizer of a model, and the variables that training adds to its store. */

import { HeddleError, rejectUnknownOptions, type Tensor, Variable, zeros } from '../../engine/index.js';
import type { BoundOptimizer, Optimizer } from '../../optim/optimizer.js';
import { type OptimizerSpec, resolveOptimizer } from '../../optim/resolve.js';
import type { LossFunction } from '../losses.js';
import type { Network } from '../network.js';
import { type LossSpec, resolveLoss } from '../resolve-loss.js';
import { type MetricSpec, resolveMetric } from '../resolve-metric.js';
import { type Control, createControl } from './control.js';

export interface CompileOptions {
  /** An optimizer or its name with default options. */
  readonly optimizer: OptimizerSpec;
  /** One loss for all outputs, or one for each, in order: a loss, its name, or a function of (yTrue, yPred) giving one value per example. */
  readonly loss: LossSpec | readonly LossSpec[];
  /** Names or functions of (yTrue, yPred) giving one value per example. Default none. */
  readonly metrics?: readonly MetricSpec[];
}

/** A metric of one output. */
export interface BoundMetric {
  readonly name: string;
  readonly output: number;
  readonly apply: (yTrue: Tensor, yPred: Tensor) => Tensor;
}

/** Rows of the loss ring: the host reads them at least this often. */
export const RING_ROWS = 1024;

/** What the tail kernel can sum beside the loss. */
const MOST_METRICS = 47;

/** Gives back the variables that `createSetup` made. */
export function disposeSetup({ store }: Network, { bound, log, evaluation }: Setup): void {
  bound.dispose();
  const variables = [
    ...Object.values(log),
    ...Object.values(evaluation.log),
    ...Object.values(evaluation.control),
  ];
  for (const { ref } of variables) if (store.holds(ref)) store.remove(ref);
}

/** Per-step means of loss and metrics, and their sums over examples. */
export interface Log {
  readonly ring: Variable;
  readonly totals: Variable;
}

export interface Setup {
  readonly optimizer: Optimizer;
  readonly bound: BoundOptimizer;
  readonly losses: readonly LossFunction[];
  readonly metrics: readonly BoundMetric[];
  readonly log: Log;
  /** Evaluation counts on its own, so that it may run in the midst of training. */
  readonly evaluation: { readonly control: Control; readonly log: Log };
}

const OPTIONS = ['optimizer', 'loss', 'metrics'] as const;

export function createSetup(network: Network, options: CompileOptions): Setup {
  rejectUnknownOptions('compile', options, OPTIONS);
  const optimizer = resolveOptimizer(options.optimizer);
  const outputs = network.outputs.length;
  const losses = lossesOf(options.loss, outputs);
  const metrics = losses.flatMap((loss, output) =>
    metricsOf(options.metrics ?? [], outputs).map((spec) => {
      const outputShape = network.outputs[output]?.shape ?? [];
      const { name, apply } = resolveMetric(spec, { loss, outputShape });
      return { name: outputs === 1 ? name : `${network.outputNames[output]}_${name}`, output, apply };
    }),
  );
  const columns = 1 + metrics.length;
  return {
    optimizer,
    bound: optimizer.bind(network.store, network.trainableWeights),
    losses,
    metrics,
    log: createLog(network, 'log', columns),
    evaluation: {
      control: createControl(network.store, 'evaluation'),
      log: createLog(network, 'evaluation/log', columns),
    },
  };
}

/** One loss for each output. */
function lossesOf(loss: CompileOptions['loss'], outputs: number): LossFunction[] {
  const specs = Array.isArray(loss) ? (loss as readonly LossSpec[]) : [loss as LossSpec];
  if (specs.length !== 1 && specs.length !== outputs) {
    throw new HeddleError({
      op: 'compile',
      message: `there are ${specs.length} losses for ${outputs} outputs`,
      roles: ['loss'],
      values: { losses: specs.length, outputs },
      fix: 'pass one loss, or one for each output in order',
    });
  }
  return Array.from({ length: outputs }, (_, index) =>
    resolveLoss(specs[specs.length === 1 ? 0 : index] as LossSpec),
  );
}

function metricsOf(metrics: readonly MetricSpec[], outputs: number): readonly MetricSpec[] {
  const count = Array.isArray(metrics) ? metrics.length * outputs : Number.NaN;
  if (count <= MOST_METRICS) return metrics;
  throw new HeddleError({
    op: 'compile',
    message: Array.isArray(metrics) ? `there are ${count} metrics` : `metrics is ${typeof metrics}`,
    roles: ['metrics'],
    values: { metrics: Array.isArray(metrics) ? count : metrics },
    fix: `pass a list, metrics: ['accuracy'], of at most ${MOST_METRICS} in all outputs together`,
  });
}

function createLog({ store }: Network, name: string, columns: number): Log {
  const make = (label: string, shape: number[]): Variable =>
    new Variable(store.create(zeros(shape), { name: `${name}/${label}`, trainable: false }));
  return { ring: make('ring', [RING_ROWS, columns]), totals: make('totals', [columns]) };
}
