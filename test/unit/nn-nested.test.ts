/** Models within models, layers that two models share, feature extraction, and `trainable` set afterwards. */

import { beforeAll, describe, expect, it } from 'vitest';
import {
  init,
  layers,
  load,
  type Model,
  model,
  type NDArray,
  optimizers,
  save,
  sequential,
  tensor,
  VariableStore,
} from '../../src/index.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const X = {
  data: Float32Array.from({ length: 24 }, (_, index) => Math.sin(index * 1.7)),
  shape: [8, 3],
};
const bits = async (net: Model): Promise<number[]> =>
  (await net.getWeights()).flatMap(({ data }) => [...data]);
const values = async (prediction: Promise<NDArray>): Promise<number[]> => [...(await prediction).data];

const encoder = (name?: string): Model<NDArray> =>
  sequential(
    [
      layers.dense({ units: 4, activation: 'tanh', kernelRegularizer: 'l2', inputShape: [3] }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 2 }),
    ],
    { seed: 5, ...(name ? { name } : {}) },
  );

/** An encoder within, a layer of its own behind it. */
function outer(inner: Model<NDArray>): Model<NDArray> {
  const x = layers.input({ shape: [3] });
  const y = layers.dense({ units: 3, name: 'decode' }).apply(inner.apply(x));
  return model({ inputs: x, outputs: y, name: 'outer', seed: 6 });
}

const compiled = <M extends Model>(net: M, optimizer: 'sgd' | 'adam' = 'adam'): M => {
  net.compile({ optimizer, loss: 'meanSquaredError' });
  return net;
};

describe('a model as a layer', () => {
  it('is one layer, with weights of its own that both share', async () => {
    const inner = encoder('encoder');
    const net = compiled(outer(inner));
    expect(net.layers.map(({ name, type }) => [name, type])).toEqual([
      ['encoder', 'model'],
      ['decode', 'dense'],
    ]);
    expect(net.getLayer('encoder').model?.getLayer('dense_2')).toBe(inner.layers[2]);
    expect(net.weights.slice(0, 4)).toEqual(inner.weights);
    expect(net.countParams()).toBe(inner.countParams() + 9);
    expect(net.summary()).toContain('encoder  model  [any,2]               26');
    const before = await bits(inner);
    await net.fit(X, X, { batchSize: 3, epochs: 2 });
    const after = await bits(inner);
    expect(after).not.toEqual(before);
    expect((await bits(net)).slice(0, before.length)).toEqual(after);
    expect(await values(inner.predict(X))).not.toEqual(before);
    for (const one of [net, inner]) one.dispose();
  });

  it('used twice it is shared; in two models too; unnamed ones are counted', () => {
    const inner = encoder();
    const [a, b] = [layers.input({ shape: [3] }), layers.input({ shape: [3] })];
    const net = model({ inputs: [a, b], outputs: layers.add().apply([inner.apply(a), inner.apply(b)]) });
    expect(net.layers.map(({ name }) => name)).toEqual(['model_1', 'add_1']);
    expect(net.weights).toEqual(inner.weights);
    expect(outer(inner).weights.slice(0, 4)).toEqual(inner.weights);
    const other = layers.input({ shape: [3] });
    const two = model({ inputs: other, outputs: [encoder().apply(other), encoder().apply(other)] });
    expect(two.outputNames).toEqual(['model_1', 'model_2']);
  });

  it('has several inputs and outputs, and models within', async () => {
    const [a, b] = [layers.input({ shape: [2] }), layers.input({ shape: [2] })];
    const swap = model({ inputs: [a, b], outputs: [layers.subtract().apply([b, a]), a], name: 'swap' });
    const [c, d] = [layers.input({ shape: [2] }), layers.input({ shape: [2] })];
    const middle = model({ inputs: [c, d], outputs: swap.apply([d, c]), name: 'middle' });
    const [e, f] = [layers.input({ shape: [2] }), layers.input({ shape: [2] })];
    const net = model({ inputs: [e, f], outputs: middle.apply([e, f]) });
    const results = net.apply([tensor([[1, 2]]), tensor([[10, 20]])]);
    expect(await Promise.all(results.map((one) => one.array()))).toEqual([[[-9, -18]], [[10, 20]]]);
    const again = networkFromConfig(JSON.parse(JSON.stringify(net.config)));
    expect(again.config).toEqual(net.config);
    const same = again.apply([tensor([[1, 2]]), tensor([[10, 20]])]);
    expect(await same[0]?.array()).toEqual([[-9, -18]]);
    expect(net.layers[0]?.apply([e, f])).toHaveLength(2);
    expect(failure(() => swap.apply(a)).message).toContain('2 inputs and 2 outputs');
    expect(failure(() => swap.apply([a, layers.input({ shape: [3] })])).message).toContain(
      'it takes float32 [any,2]',
    );
  });

  it('adds its penalties, and draws its own random numbers', async () => {
    const net = outer(encoder());
    expect((await net.penalty().data())[0]).toBeGreaterThan(0);
    const x = layers.input({ shape: [16] });
    const drop = sequential([layers.dropout({ rate: 0.5, inputShape: [16] })], { seed: 1 });
    const both = model({
      inputs: x,
      outputs: [drop.apply(x), layers.dropout({ rate: 0.5 }).apply(x), drop.apply(x)],
      seed: 1,
    });
    const ones = tensor(new Float32Array(64).fill(1), { shape: [4, 16] });
    const masks = await Promise.all(both.apply([ones], { training: true }).map((mask) => mask.data()));
    expect(new Set(masks.map((mask) => [...mask].join())).size).toBe(3);
  });

  it('goes through a file, and on training with the same bits', async () => {
    const inner = encoder('encoder');
    const net = compiled(outer(inner));
    await net.fit(X, X, { batchSize: 4 });
    const again = await load(await save(net));
    expect(again.config).toEqual(net.config);
    for (const one of [net, again]) await one.fit(X, X, { batchSize: 4 });
    expect(await bits(again)).toEqual(await bits(net));
    const part = again.getLayer('encoder').model as Model<NDArray>;
    expect(await values(part.predict(X))).toEqual(await values(inner.predict(X)));
    again.dispose();
    expect(failure(() => part.weights[0]?.assign(new Float32Array(12))).message).toContain('disposed');
    net.dispose();
    expect(await bits(inner)).toHaveLength(26);
    inner.dispose();
  });

  it('refuses configs that hold a layer twice, and damaged ones', () => {
    const inner = encoder('encoder');
    const x = layers.input({ shape: [3] });
    const shared = inner.layers[0]?.apply(x);
    const net = model({ inputs: x, outputs: [inner.apply(x), shared as never] });
    expect(net.weights).toHaveLength(4);
    expect(failure(() => net.config).message).toContain("'encoder/dense_1'");
    const config = JSON.parse(JSON.stringify(outer(encoder()).config));
    config.layers[0].options.model = 5;
    expect(failure(() => networkFromConfig(config)).message).toContain('config is no object');
    let deep: unknown = 1;
    for (let depth = 0; depth < 100; depth++) {
      const layer = { type: 'model', name: 'm', trainable: true, options: { model: deep } };
      deep = { format: 1, name: 'm', seed: 1, inputs: [], layers: [layer], calls: [], outputs: [] };
    }
    expect(failure(() => networkFromConfig(deep)).message).toContain('32 deep');
  });
});

describe('layers of another model', () => {
  const base = (): Model<NDArray> => compiled(encoder('base'));

  it('feature extraction: what an inner layer gives, with the weights of the first model', async () => {
    const net = base();
    const features = model({ inputs: net.inputs, outputs: net.getLayer('dense_1').output });
    expect(features.weights).toEqual(net.weights.slice(0, 2));
    const before = await values(features.predict(X));
    expect(before).toHaveLength(32);
    await net.fit(X, { data: new Float32Array(16), shape: [8, 2] }, { epochs: 3 });
    expect(await values(features.predict(X))).not.toEqual(before);
    features.dispose();
    expect(await values(net.predict(X))).toHaveLength(16);
    const later = model({ inputs: net.inputs, outputs: net.getLayer('dense_1').output });
    net.dispose();
    await expect(later.predict(X)).rejects.toThrow('disposed');
    later.dispose();
  });

  it('a new head on old layers; both models train the same weights', async () => {
    const net = base();
    const head = layers.dense({ units: 5 }).apply(net.getLayer('dense_1').output);
    const next = compiled(model({ inputs: net.inputs, outputs: head }));
    expect(next.layers.map(({ name }) => name)).toEqual(['dense_1', 'dense_2']);
    const before = await bits(net);
    await next.fit(X, { data: new Float32Array(40), shape: [8, 5] }, { epochs: 1 });
    expect(await bits(net)).not.toEqual(before);
    const again = await load(await save(next));
    expect(await values(again.predict(X))).toEqual(await values(next.predict(X)));
    for (const one of [again, next, net]) one.dispose();
  });

  it('a stack of layers that others have', async () => {
    const net = base();
    const copy = sequential([...net.layers.slice(0, 2), layers.dense({ units: 7 })]);
    expect(copy.weights.slice(0, 2)).toEqual(net.weights.slice(0, 2));
    expect(copy.outputs[0]?.shape).toEqual([null, 7]);
    copy.dispose();
    expect(await values(net.predict(X))).toHaveLength(16);
    net.dispose();
  });

  it('names that two models gave alike are refused, and nothing is lost', () => {
    const [a, b] = [encoder(), encoder()];
    void [a.weights, b.weights];
    const fresh = layers.dense({ units: 2 });
    const error = failure(() =>
      sequential([a.layers[0] as never, b.layers[2] as never, fresh, b.layers[0] as never]),
    );
    expect(error.fix).toContain('another model');
    const net = sequential([layers.dense({ units: 4, inputShape: [2] }), fresh]);
    expect(net.layers[1]?.name).toBe('dense_2');
    expect(net.weights).toHaveLength(4);
  });

  it('a layer of a model that came to nothing is free again', () => {
    const named = layers.dense({ units: 2, name: 'mine', inputShape: [3] });
    const image = layers.conv2d({ filters: 1, kernelSize: 2 });
    expect(failure(() => sequential([named, image])).op).toBe("conv2d 'conv2d_1'");
    const stack = sequential([named]);
    expect(failure(() => stack.add(image)).op).toBe("conv2d 'conv2d_1'");
    stack.add(layers.dense({ units: 1 }));
    expect(stack.weights.map(({ name }) => name)[2]).toBe('dense_1/kernel');
    expect(stack.weights.every(({ store }) => store === stack.store && store instanceof VariableStore)).toBe(
      true,
    );
  });
});

describe('trainable', () => {
  it('counts from the next compile on', async () => {
    const net = compiled(encoder(), 'sgd');
    const y = { data: new Float32Array(16), shape: [8, 2] };
    net.getLayer('dense_1').trainable = false;
    expect(net.trainableWeights.map(({ name }) => name)).toEqual(['dense_2/kernel', 'dense_2/bias']);
    expect(net.summary()).toContain('26 (10 trainable, 16 not)');
    const start = await bits(net);
    await net.fit(X, y);
    const moved = await bits(net);
    expect(moved.slice(0, 12)).not.toEqual(start.slice(0, 12));
    compiled(net, 'sgd');
    await net.fit(X, y);
    const after = await bits(net);
    expect(after.slice(0, 16)).toEqual(moved.slice(0, 16));
    expect(after.slice(16)).not.toEqual(moved.slice(16));
    net.trainable = true;
    expect(net.trainableWeights).toHaveLength(4);
    expect(failure(() => Object.assign(net.getLayer('dense_1'), { trainable: 1 })).roles).toEqual([
      'trainable',
    ]);
    net.dispose();
  });

  it('of a model sets all its layers, also as a layer', async () => {
    const inner = encoder('encoder');
    const net = outer(inner);
    net.getLayer('encoder').trainable = false;
    expect([inner.trainable, inner.trainableWeights.length, net.trainableWeights.length]).toEqual([
      false,
      0,
      2,
    ]);
    compiled(net);
    const before = await bits(inner);
    await net.fit(X, X);
    expect(await bits(inner)).toEqual(before);
    for (const one of [net, inner]) one.dispose();
  });

  it('a file keeps both what is trainable and what the optimizer has state for', async () => {
    const net = compiled(encoder());
    const y = { data: new Float32Array(16), shape: [8, 2] };
    await net.fit(X, y);
    net.getLayer('dense_1').trainable = false;
    const again = await load(await save(net));
    expect(again.getLayer('dense_1').trainable).toBe(false);
    for (const one of [net, again]) await one.fit(X, y);
    expect(await bits(again)).toEqual(await bits(net));
    for (const one of [net, again]) {
      compiled(one);
      await one.fit(X, y, { shuffle: false });
    }
    expect(await bits(again)).toEqual(await bits(net));
    for (const one of [net, again]) one.dispose();
  });

  it('a batchNormalization that is frozen uses its moving statistics from the next compile on', async () => {
    const net = sequential([
      layers.batchNormalization({ momentum: 0.5, inputShape: [3] }),
      layers.dense({ units: 3 }),
    ]);
    compiled(net, 'sgd');
    const mean = async (): Promise<number[]> => [...((await net.weights[2]?.data()) ?? [])];
    const still = await mean();
    net.getLayer('batchNormalization_1').trainable = false;
    await net.fit(X, X);
    const moved = await mean();
    expect(moved).not.toEqual(still);
    compiled(net, 'sgd');
    const loss = (await net.evaluate(X, X)).loss;
    expect((await net.trainOnBatch(X, X)).loss).toBeCloseTo(loss as number, 5);
    expect(await mean()).toEqual(moved);
    net.dispose();
  });
});

it('a model that shares weights uses the device that they live on', async () => {
  const net = encoder();
  await net.predict(X);
  const features = compiled(model({ inputs: net.inputs, outputs: net.getLayer('dense_1').output }));
  features.compile({ optimizer: optimizers.adam(), loss: 'mse' });
  await features.fit(X, { data: new Float32Array(32), shape: [8, 4] });
  expect(features.store.backend).toBe(net.store.backend);
  for (const one of [features, net]) one.dispose();
});
