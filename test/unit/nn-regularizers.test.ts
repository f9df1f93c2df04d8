/** Regularizers: the numbers of their formulas, what they add to loss, logs and gradients, what they cost, and files. */

import { beforeAll, describe, expect, it } from 'vitest';
import {
  init,
  layers,
  load,
  type Model,
  optimizers,
  regularizers,
  save,
  sequential,
  tensor,
} from '../../src/index.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const W = [1, -2, 0.5, 0];

describe('penalties', () => {
  it.each([
    ['l1', regularizers.l1({ l1: 0.5 }), 0.5 * 3.5],
    ['l2', regularizers.l2({ l2: 0.5 }), 0.5 * 5.25],
    ['l1l2', regularizers.l1l2({ l1: 2, l2: 4 }), 2 * 3.5 + 4 * 5.25],
    ['none', regularizers.l1({ l1: 0 }), 0],
  ])('%s', async (_, regularizer, expected) => {
    expect(await regularizer.penalty(tensor(W)).data()).toEqual(Float32Array.of(expected));
  });

  it('have the defaults of Keras, and check their options', () => {
    expect(regularizers.l1().config).toEqual({ l1: 0.01 });
    expect(regularizers.l1l2().config).toEqual({ l1: 0.01, l2: 0.01 });
    expect(failure(() => regularizers.l2({ l1: 1 } as never)).fix).toContain("'l2'");
    expect(failure(() => regularizers.l2({ l2: -1 })).roles).toEqual(['l2']);
    expect(failure(() => regularizers.l1({ l1: Number.NaN })).roles).toEqual(['l1']);
    expect(
      failure(() => layers.dense({ units: 1, kernelRegularizer: regularizers.l2 as never })).fix,
    ).toContain('call it');
  });
});

/** y = x · w + b from w = 3, b = 1; trained on x = 2, y = 10, so that the error is 3. */
function line(options: object, learningRate = 0.1): Model {
  const net = sequential([
    layers.dense({
      units: 1,
      kernelInitializer: { name: 'constant', config: { value: 3 } },
      biasInitializer: 'ones',
      inputShape: [1],
      ...options,
    }),
  ]);
  net.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'meanSquaredError' });
  return net;
}

const step = (net: Model): Promise<Record<string, number>> => net.trainOnBatch([[2], [2]], [[10], [10]]);

const both = {
  kernelRegularizer: regularizers.l2({ l2: 0.5 }),
  biasRegularizer: regularizers.l1({ l1: 0.25 }),
};

describe('training', () => {
  it('adds penalties to the loss, and their slopes to the gradients', async () => {
    const net = line(both);
    expect(await step(net)).toEqual({ loss: 9 + 0.5 * 9 + 0.25 });
    // ∂/∂w = 2 · (7 − 10) · 2 + 2 · 0.5 · 3, ∂/∂b = 2 · (7 − 10) + 0.25.
    const [w, b] = await net.getWeights();
    expect(w?.data[0]).toBeCloseTo(3 - 0.1 * -9, 6);
    expect(b?.data[0]).toBeCloseTo(1 - 0.1 * -5.75, 6);
    net.dispose();
  });

  it('counts them once whatever the batch and the weights of examples, in evaluate and history too', async () => {
    const net = line(both, 0);
    const x = { data: new Float32Array(5).fill(2), shape: [5, 1] };
    const y = { data: new Float32Array(5).fill(10), shape: [5, 1] };
    expect((await net.evaluate(x, y, { batchSize: 2 })).loss).toBeCloseTo(13.75, 5);
    const sampleWeight = new Float32Array(5).fill(0.5);
    const { history } = await net.fit(x, y, { batchSize: 2, sampleWeight, validationSplit: 0.4 });
    expect(history.loss?.[0]).toBeCloseTo(4.5 + 4.75, 5);
    expect((await net.penalty().data())[0]).toBeCloseTo(4.75, 6);
    net.dispose();
  });

  it('leaves frozen weights out, as Keras does', async () => {
    const net = line({ ...both, trainable: false });
    expect((await net.evaluate([[2]], [[10]])).loss).toBe(9);
    expect(await net.penalty().data()).toEqual(Float32Array.of(0));
    net.dispose();
  });

  it('keeps regularizers in files, and takes own ones', async () => {
    const net = line(both);
    await step(net);
    const again = await load(await save(net));
    expect(await step(again)).toEqual(await step(net));
    const own = { name: 'cube', config: {}, penalty: regularizers.l1({ l1: 1 }).penalty };
    const custom = line({ kernelRegularizer: own });
    expect(await step(custom)).toEqual({ loss: 12 });
    const bytes = await save(custom);
    await expect(load(bytes)).rejects.toThrow("unknown regularizer 'cube'");
    for (const model of [net, again, custom]) model.dispose();
  });
});

it('costs one dispatch for each weight', async () => {
  const dispatches = async (options: object): Promise<number> => {
    const net = sequential([
      layers.dense({ units: 16, activation: 'relu', inputShape: [8], ...options }),
      layers.dense({ units: 3, ...options }),
    ]);
    net.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    await net.trainOnBatch(
      { data: new Float32Array(8 * 8), shape: [8, 8] },
      { data: new Float32Array(8 * 3), shape: [8, 3] },
    );
    const count = net.program?.stats().dispatches ?? Number.NaN;
    net.dispose();
    return count;
  };
  const plain = await dispatches({});
  const regularized = await dispatches({ kernelRegularizer: 'l2' });
  expect(regularized - plain).toBe(2);
});
