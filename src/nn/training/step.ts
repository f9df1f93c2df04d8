/** The graphs of training and evaluation: from a batch to losses, gradients, new weights and counters. */

import {
  grad,
  HeddleError,
  ops,
  type Tensor,
  tensor,
  training,
  type Update,
  type Variable,
} from '../../engine/index.js';
import { statesOf } from '../forward.js';
import type { Network } from '../network.js';
import { penaltyOf, withPenaltyGradients } from '../penalty.js';
import { committed, constrained } from './commit.js';
import type { Control } from './control.js';
import type { Log, Setup } from './setup.js';

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
  /** What else is logged, one value per example each. */
  readonly metrics: readonly Tensor[];
  /** Of weights that layers change themselves, and of their states. */
  readonly own: readonly Update[];
}

function lossesOf(network: Network, setup: Setup, batch: Batch, trains: boolean): Losses {
  const { layers, variables } = setup.trained;
  const { outputs, updates } = network.forward(batch.x, {
    training: trains,
    counter: network.counter,
    isTrainable: (layer) => layers.has(layer),
  });
  const weighted = (loss: Tensor): Tensor => (batch.weights ? ops.mul(loss, batch.weights) : loss);
  const each = setup.losses.map((loss, index) => {
    const name = loss.lossName ?? loss.name ?? 'loss';
    return perExample(
      name,
      loss(batch.y[index] as Tensor, outputs[index] as Tensor),
      outputs[index] as Tensor,
    );
  });
  const total = each
    .map((loss, index) => scaled(loss, setup.lossWeights[index] ?? 1))
    .reduce((sum, loss) => ops.add(sum, loss));
  const metrics = setup.metrics.map(({ name, output, apply }) => {
    const predicted = outputs[output] as Tensor;
    return perExample(name, apply(batch.y[output] as Tensor, predicted), predicted);
  });
  const data = weighted(total);
  const penalty = penaltyOf(network.leaves, variables);
  return {
    data,
    loss: penalty ? ops.add(data, penalty) : data,
    metrics: [...(each.length > 1 ? each.map(weighted) : []), ...metrics],
    own: updates,
  };
}

const scaled = (loss: Tensor, factor: number): Tensor => (factor === 1 ? loss : ops.mul(loss, factor));

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
  const { data, loss, metrics, own } = lossesOf(network, setup, batch, true);
  const [size = 1] = loss.shape;
  const dy = ops.broadcastTo(tensor(1 / size), [size]);
  const { leaves } = network;
  const { variables } = setup.trained;
  const gradients = withPenaltyGradients(leaves, variables, grad(data, variables, { dy }));
  const tail = tailOf(loss, metrics, control, setup.log);
  const { step, apply, fault } = tail;
  const optimized = setup.bound.updates(gradients, { step, apply, fault });
  return [
    ...countingUpdates(control, setup.log, { ...tail, ...optimized.control }),
    ...constrained(leaves, optimized.updates, apply),
    ...committed(own, apply),
  ];
}

/** Forward and tail; states go on. */
export function evaluationUpdates(network: Network, setup: Setup, batch: Batch): Update[] {
  const { control, log } = setup.evaluation;
  const { loss, metrics, own } = lossesOf(network, setup, batch, false);
  return [...countingUpdates(control, log, tailOf(loss, metrics, control, log)), ...statesOf(own)];
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
