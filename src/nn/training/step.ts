/** The graphs of training and evaluation: from a batch to losses, gradients, new weights and counters. */

import { grad, ops, type Tensor, tensor, training, type Update, type Variable } from '../../engine/index.js';
import { statesOf } from '../forward.js';
import type { LossFunction } from '../losses.js';
import type { Network } from '../network.js';
import { penaltyOf, withPenaltyGradients } from '../penalty.js';
import { committed, constrained } from './commit.js';
import type { Control } from './control.js';
import type { LogVariables } from './log.js';
import { overSteps, perExample, stepMeans } from './per-example.js';
import type { Setup } from './setup.js';

/** One batch: inputs and targets in the order of the model's, and a weight per example. */
export interface Batch {
  readonly x: readonly Tensor[];
  readonly y: readonly Tensor[];
  readonly weights: Tensor | null;
}

interface Losses {
  /** The sum of all outputs' losses, one value per example, weighted. */
  readonly data: Tensor;
  /** The same with the penalties of regularizers: what logs say. */
  readonly loss: Tensor;
  /** What else is logged, one value per example each; then the steps that count, for each output of `counted`. */
  readonly metrics: readonly Tensor[];
  /** Outputs with metrics and a mask. */
  readonly counted: readonly number[];
  /** Of weights that layers change themselves, and of their states. */
  readonly own: readonly Update[];
}

function lossesOf(network: Network, setup: Setup, batch: Batch, trains: boolean): Losses {
  const { layers, variables } = setup.trained;
  const { outputs, masks, updates } = network.forward(batch.x, {
    training: trains,
    counter: network.counter,
    isTrainable: (layer) => layers.has(layer),
  });
  const [size = 1] = outputs[0]?.shape ?? [];
  const weighted = (loss: Tensor): Tensor => (batch.weights ? ops.mul(loss, batch.weights) : loss);
  const valuesOf = (apply: LossFunction, output: number): Tensor =>
    apply(batch.y[output] as Tensor, outputs[output] as Tensor);
  const each = setup.losses.map((loss, output) => {
    const source = { kind: 'loss', name: loss.lossName ?? loss.name ?? 'loss' } as const;
    const mask = masks[output];
    const values = valuesOf(loss, output);
    return mask ? stepMeans(source, values, mask) : perExample(source, values, size);
  });
  const total = each
    .map((loss, index) => scaled(loss, setup.lossWeights[index] ?? 1))
    .reduce((sum, loss) => ops.add(sum, loss));
  const metrics = setup.metrics.map(({ name, output, apply }) => {
    const source = { kind: 'metric', name } as const;
    const mask = masks[output];
    const values = valuesOf(apply, output);
    return mask ? overSteps(source, values, mask) : perExample(source, values, size);
  });
  const measured = new Set(setup.metrics.map(({ output }) => output));
  const counted = [...masks.keys()].filter((output) => masks[output] && measured.has(output));
  const counts = counted.map((output) => ops.sum(masks[output] as Tensor, { axis: 1 }));
  const data = weighted(total);
  const penalty = penaltyOf(network.leaves, variables);
  return {
    data,
    loss: penalty ? ops.add(data, penalty) : data,
    metrics: [...(each.length > 1 ? each.map(weighted) : []), ...metrics, ...counts],
    counted,
    own: updates,
  };
}

const scaled = (loss: Tensor, factor: number): Tensor => (factor === 1 ? loss : ops.mul(loss, factor));

/** Forward, backward, tail and optimizer. The loss is the mean over the batch. */
export function trainingUpdates(network: Network, setup: Setup, control: Control, batch: Batch): Update[] {
  const losses = lossesOf(network, setup, batch, true);
  const { data, loss, own } = losses;
  const [size = 1] = loss.shape;
  const dy = ops.broadcastTo(tensor(1 / size), [size]);
  const { leaves } = network;
  const { variables } = setup.trained;
  const gradients = withPenaltyGradients(leaves, variables, grad(data, variables, { dy }));
  const log = setup.log.variables(losses.counted);
  const tail = tailOf(losses, control, log);
  const { step, apply, fault } = tail;
  const optimized = setup.bound.updates(gradients, { step, apply, fault });
  return [
    ...countingUpdates(control, log, { ...tail, ...optimized.control }),
    ...constrained(leaves, optimized.updates, apply),
    ...committed(own, apply),
  ];
}

/** Forward and tail; states go on. */
export function evaluationUpdates(network: Network, setup: Setup, batch: Batch): Update[] {
  const { control } = setup.evaluation;
  const losses = lossesOf(network, setup, batch, false);
  const log = setup.evaluation.log.variables(losses.counted);
  return [...countingUpdates(control, log, tailOf(losses, control, log)), ...statesOf(losses.own)];
}

type Tail = ReturnType<typeof training.trainingTail>;

const tailOf = ({ loss, metrics }: Losses, control: Control, { ring, totals }: LogVariables): Tail =>
  training.trainingTail({ losses: loss, metrics, ring, totals, ...control });

/** The counters and logs as `values` says; the optimizer may have overwritten some after the tail. */
function countingUpdates(control: Control, log: LogVariables, values: Tail): Update[] {
  const { cursor, step, halted, fault, apply } = control;
  const { ring, totals } = log;
  const variables: Readonly<Record<keyof Tail, Variable>> = {
    cursor,
    step,
    halted,
    fault,
    apply,
    ring,
    totals,
  };
  return (Object.keys(variables) as (keyof Tail)[]).map((key) => ({
    variable: variables[key],
    value: values[key],
  }));
}
