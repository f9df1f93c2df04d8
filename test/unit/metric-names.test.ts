/** What metrics are called in logs: names that are taken are counted on, names that logs need are refused. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, ops, type Tensor } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import { model, sequential } from '../../src/nn/model.js';
import type { CompileOptions } from '../../src/nn/training/setup.js';
import { failure } from '../kit/failure.js';

beforeAll(() => init({ device: 'cpu' }));

const constant = (value: number) => (_: Tensor, yPred: Tensor) =>
  ops.add(ops.mul(ops.mean(yPred, { axis: -1 }), 0), value);

/** Functions without a name of their own. */
const nameless = [1, 2, 3].map((value) => constant(value));

const named = (metricName: string) => Object.assign(constant(0), { metricName });

function logsOf(metrics: NonNullable<CompileOptions['metrics']>): Promise<Record<string, number>> {
  const net = sequential([layers.dense({ units: 1, inputShape: [1] })]);
  net.compile({ optimizer: 'sgd', loss: 'mse', metrics });
  return net.evaluate([[1]], [[2]]);
}

describe('metrics of one name', () => {
  it('are counted, each with its own values', async () => {
    expect(nameless.map(({ name }) => name)).toEqual(['', '', '']);
    const { loss, ...rest } = await logsOf(nameless);
    expect(loss).toBeGreaterThan(0);
    expect(rest).toEqual({ metric: 1, metric_1: 2, metric_2: 3 });
  });

  it('by name, and by the two names of one', async () => {
    expect(Object.keys(await logsOf(['accuracy', 'acc', 'mse', 'mse']))).toEqual([
      'loss',
      'accuracy',
      'accuracy_1',
      'mse',
      'mse_1',
    ]);
  });

  it('and step aside for the loss of an output', async () => {
    const x = layers.input({ shape: [1] });
    const head = (name: string) => layers.dense({ units: 1, name }).apply(x);
    const net = model({ inputs: x, outputs: [head('a'), head('a_b')] });
    net.compile({ optimizer: 'sgd', loss: 'mse', metrics: { a: [named('b_loss')] } });
    const logs = await net.evaluate([[1]], { a: [[1]], a_b: [[1]] });
    expect(Object.keys(logs)).toEqual(['loss', 'a_loss', 'a_b_loss', 'a_b_loss_1']);
    expect(logs.a_b_loss_1).toBe(0);
  });
});

it.each(['loss', 'val_loss', 'val_accuracy'])('a metric must not be named %s', (name) => {
  const net = sequential([layers.dense({ units: 1, inputShape: [1] })]);
  const error = failure(() => net.compile({ optimizer: 'sgd', loss: 'mse', metrics: [named(name)] }));
  expect(error).toMatchObject({ op: 'compile', roles: ['metrics'], values: { name } });
  expect(error.fix).toContain('metricName');
});
