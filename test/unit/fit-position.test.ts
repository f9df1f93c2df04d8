/** Host and device agree on how far a model has come, whatever happens in between; what is saved can be loaded. */

import { beforeAll, expect, it } from 'vitest';
import { compile, init, input, ops } from '../../src/engine/index.js';
import { load, save } from '../../src/nn/file.js';
import * as layers from '../../src/nn/layers/index.js';
import { sequential } from '../../src/nn/model.js';
import * as optimizers from '../../src/optim/index.js';
import { compiled, examples } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const { x, y } = examples(8);

it('a file saved while queued steps are being refused tells what the device had done', async () => {
  const net = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed: 1 });
  net.compile({ optimizer: optimizers.sgd({ learningRate: 1e18 }), loss: 'meanSquaredError' });
  let file: Uint8Array | undefined;
  const keep = async (): Promise<void> => {
    file ??= await save(net);
  };
  const data = Array.from({ length: 40 }, (_, index) => [index]);
  await expect(
    net.fit(data, data, { batchSize: 2, stepsPerSubmit: 20, callbacks: [{ onBatchEnd: keep }] }),
  ).rejects.toThrow();
  const copy = await load(file as Uint8Array);
  const [step] = await copy.control.step.data();
  expect(copy.trainer('test').position.step).toBe(step);
  expect(step).toBeLessThan(20);
});

it('a file saved during trainOnBatch can be loaded', async () => {
  const net = compiled();
  const training = net.trainOnBatch(x, y);
  const files = await Promise.all([save(net), training.then(() => save(net))]);
  for (const file of files) await load(file);
});

it('graph programs that count on do not lead fit to stale losses', async () => {
  const net = compiled({ dropout: 0.2 });
  const fed = input([8, 4]);
  const loss = ops.mean(ops.square(net.apply(fed, { training: true })));
  const step = await compile({
    inputs: { fed },
    updates: optimizers.sgd().minimize(loss, net.trainableWeights),
  });
  await step.run({ fed: x });
  const { history } = await net.fit(x, y, { epochs: 2 });
  expect(history.loss?.every((value) => value > 0.1)).toBe(true);
  expect((await net.trainOnBatch(x, y)).loss).toBeGreaterThan(0.1);
  await load(await save(net));
});

it('a fit that fails early leaves an interrupted epoch as it was', async () => {
  const net = compiled();
  await net.fit(x, y, {
    batchSize: 2,
    stepsPerSubmit: 1,
    callbacks: [{ onBatchEnd: (_, __, { stop }) => stop() }],
  });
  const before = { ...net.trainer('test').position };
  const refuse = (): never => {
    throw new Error('no');
  };
  await expect(net.fit(x, y, { batchSize: 4, callbacks: [{ onTrainBegin: refuse }] })).rejects.toThrow('no');
  expect(net.trainer('test').position).toEqual(before);
  await net.fit(x, y, { batchSize: 2, resume: true });
});

it('an interrupted stream goes on only as a stream of as many steps', async () => {
  const net = compiled();
  async function* endless() {
    for (;;) yield { x, y };
  }
  const stop = {
    onBatchEnd: (batch: number, _: unknown, context: { stop(): void }) => batch === 2 && context.stop(),
  };
  await net.fit(endless(), {
    stepsPerEpoch: 5,
    stepsPerSubmit: 1,
    callbacks: [{ onBatchEnd: (...args) => void stop.onBatchEnd(...args) }],
  });
  await expect(net.fit(x, y, { batchSize: 2, resume: true })).rejects.toMatchObject({
    roles: ['resume', 'batchSize', 'x'],
  });
  await expect(net.fit(endless(), { stepsPerEpoch: 3, resume: true })).rejects.toMatchObject({
    roles: ['resume', 'batchSize', 'x'],
  });
  const { history } = await net.fit(endless(), { stepsPerEpoch: 5, resume: true });
  expect(history.loss).toHaveLength(1);
});

it('compile during a prediction leaves the prediction alone', async () => {
  const net = compiled();
  const predicting = net.predict(x);
  net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  expect((await predicting).shape).toEqual([8, 3]);
});

it('the program of the last fit outlives many predictions', async () => {
  const net = compiled();
  await net.fit(x, y, { batchSize: 4 });
  for (let rows = 1; rows <= 20; rows++) await net.predictOnGpu(new Float32Array(rows * 4));
  expect(net.program?.print()).toContain('train');
  await net.fit(x, y, { batchSize: 4 });
});
