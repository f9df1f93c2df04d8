/** The graphs of training and evaluation: from a batch to losses, gradients, new weights and counters. */

import {
  grad,
  HeddleError,
  ops,
  type Tensor,
  tensor,
  training,
  type Update,
  type Value,
  type Variable,
} from '../../engine/index.js';
import { runsOf } from '../../optim/runs.js';
import type { Network } from '../network.js';
import type { Control } from './control.js';
import type { Log, Setup } from './setup.js';

/** One batch: inputs and targets in the order of the model's, and a weight per example. */
export interface Batch {
  readonly x: readonly Tensor[];
  readonly y: readonly Tensor[];
  readonly weights: Tensor | null;
}

interface Losses {
  /** The sum of all losses, one value per example, weighted. */
  readonly loss: Tensor;
  /** One value per example each. */
  readonly metrics: readonly Tensor[];
  /** Of weights that layers change themselves. */
  readonly own: readonly Update[];
}

function lossesOf(network: Network, setup: Setup, batch: Batch, trains: boolean): Losses {
  const own: Update[] = [];
  const result = network.apply([...batch.x], { training: trains, onUpdate: (update) => own.push(update) });
  const outputs = Array.isArray(result) ? result : [result];
  const each = setup.losses.map((loss, index) => {
    const name = loss.lossName ?? loss.name ?? 'loss';
    return perExample(
      name,
      loss(batch.y[index] as Tensor, outputs[index] as Tensor),
      outputs[index] as Tensor,
    );
  });
  const total = each.reduce((sum, loss) => ops.add(sum, loss));
  const metrics = setup.metrics.map(({ name, output, apply }) => {
    const predicted = outputs[output] as Tensor;
    return perExample(name, apply(batch.y[output] as Tensor, predicted), predicted);
  });
  return { loss: batch.weights ? ops.mul(total, batch.weights) : total, metrics, own };
}

/** One float for each example, averaged over any further axes. */
function perExample(name: string, value: Tensor, predicted: Tensor): Tensor {
  const [batch = 0] = predicted.shape;
  if (value.shape[0] !== batch || value.shape.length === 0) {
    throw new HeddleError({
      op: `loss '${name}'`,
      message: `it gives shape [${value.shape.join(',')}] for ${batch} examples`,
      roles: ['loss'],
      values: { shape: value.shape, examples: batch },
      fix: 'return one value per example: reduce over the last axis, not over the batch',
    });
  }
  const floats = value.dtype === 'float32' ? value : ops.cast(value, 'float32');
  const rest = floats.shape.slice(1).map((_, index) => index + 1);
  return rest.length > 0 ? ops.mean(floats, { axis: rest }) : floats;
}

/** Forward, backward, tail and optimizer. The loss is the mean over the batch. */
export function trainingUpdates(network: Network, setup: Setup, control: Control, batch: Batch): Update[] {
  const { loss, metrics, own } = lossesOf(network, setup, batch, true);
  const [size = 1] = loss.shape;
  const dy = ops.broadcastTo(tensor(1 / size), [size]);
  const variables = network.trainableWeights;
  const gradients = grad(loss, variables, { dy });
  const tail = tailOf(loss, metrics, control, setup.log);
  const { step, apply, fault } = tail;
  const optimized = setup.bound.updates(gradients, { step, apply, fault });
  return [
    ...countingUpdates(control, setup.log, { ...tail, ...optimized.control }),
    ...optimized.updates,
    ...committed(own, apply),
  ];
}

/** `updates` where the step is not refused: one dispatch for weights that lie side by side. */
function committed(updates: readonly Update[], apply: Value): Update[] {
  return runsOf(updates.map(({ variable }) => variable)).flatMap(({ from, to }) => {
    const run = updates.slice(from, to);
    const kept = run.map(({ variable }) => variable);
    const values = training.commit({ kept, values: run.map(({ value }) => value), apply });
    return kept.map((variable, index) => ({ variable, value: values[index] as Value }));
  });
}

/** Forward and tail. */
export function evaluationUpdates(network: Network, setup: Setup, batch: Batch): Update[] {
  const { control, log } = setup.evaluation;
  const { loss, metrics } = lossesOf(network, setup, batch, false);
  return countingUpdates(control, log, tailOf(loss, metrics, control, log));
}

type Tail = ReturnType<typeof training.trainingTail>;

const tailOf = (losses: Tensor, metrics: readonly Tensor[], control: Control, log: Log): Tail =>
  training.trainingTail({ losses, metrics, ...log, ...control });

/** The counters and logs as `values` says; the optimizer may have overwritten some after the tail. */
function countingUpdates(control: Control, log: Log, values: Tail): Update[] {
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
