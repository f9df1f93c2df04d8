/** Transfer learning: a convolutional network is trained, saved and loaded; frozen but for a new last layer, it learns classes it never saw. */

import { beforeAll, expect, it } from 'vitest';
import {
  init,
  layers,
  load,
  losses,
  type Model,
  model,
  optimizers,
  save,
  sequential,
} from '../../src/index.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const SIZE = 8;
const CLASSES = 5;
const ROWS = 100;

/** Waves across an image: ten directions, `first` to `first` + 4, at random phases. */
function waves(first: number): { x: { data: Float32Array<ArrayBuffer>; shape: number[] }; y: Int32Array } {
  const data = new Float32Array(ROWS * SIZE * SIZE);
  const y = new Int32Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    y[row] = row % CLASSES;
    const angle = ((first + (row % CLASSES)) * Math.PI) / 10;
    const phase = ((row * 0.618) % 1) * 2 * Math.PI;
    for (let cell = 0; cell < SIZE * SIZE; cell++) {
      const along = (cell % SIZE) * Math.cos(angle) + Math.floor(cell / SIZE) * Math.sin(angle);
      data[row * SIZE * SIZE + cell] = Math.sin(along * 1.6 + phase);
    }
  }
  return { x: { data, shape: [ROWS, SIZE, SIZE, 1] }, y };
}

const compile = (net: Model, learningRate: number): void =>
  net.compile({
    optimizer: optimizers.adam({ learningRate }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });

const bits = async (net: Model): Promise<number[][]> => (await net.getWeights()).map(({ data }) => [...data]);

it('a loaded network, frozen but for a new last layer, learns five other classes', async () => {
  const first = waves(0);
  const net = sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [SIZE, SIZE, 1] }),
      layers.batchNormalization({ momentum: 0.8 }),
      layers.maxPooling2d(),
      layers.flatten({ name: 'features' }),
      layers.dense({ units: CLASSES }),
    ],
    { seed: 11 },
  );
  compile(net, 0.01);
  await net.fit(first.x, first.y, { epochs: 8, batchSize: 20 });
  expect((await net.evaluate(first.x, first.y)).accuracy).toBeGreaterThan(0.9);
  const bytes = await save(net);
  net.dispose();

  const base = await load(bytes);
  base.trainable = false;
  const logits = layers.dense({ units: CLASSES, name: 'other' }).apply(base.getLayer('features').output);
  const next = model({ inputs: base.inputs, outputs: logits, seed: 12 });
  expect(next.trainableWeights.map(({ name }) => name)).toEqual(['other/kernel', 'other/bias']);
  compile(next, 0.02);
  const second = waves(5);
  const before = await bits(base);
  expect((await next.evaluate(second.x, second.y)).accuracy).toBeLessThan(0.6);
  await next.fit(second.x, second.y, { epochs: 8, batchSize: 20 });
  expect((await next.evaluate(second.x, second.y)).accuracy).toBeGreaterThan(0.9);
  expect(await bits(base)).toEqual(before);

  // The new model keeps its weights in a file of its own, and frozen layers stay frozen there.
  const kept = await load(await save(next));
  expect(await bits(kept)).toEqual(await bits(next));
  expect(kept.trainableWeights.map(({ name }) => name)).toEqual(['other/kernel', 'other/bias']);
  for (const one of [kept, next, base]) one.dispose();
});
