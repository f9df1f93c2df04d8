/**
 * Convolutional networks trained on the CPU device against TensorFlow.js: the same first weights, data and order; losses, weights, moving
 * statistics and predictions must agree after several steps. 22 rows in batches of 8, so that each epoch ends with a batch of 6, whose
 * statistics count as much as another's.
 */

import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { init } from '../../src/engine/index.js';
import type { Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { sequential } from '../../src/nn/model.js';
import * as optimizers from '../../src/optim/index.js';
import { fill } from '../kit/fill.js';
import { tf } from '../kit/tfjs.js';

const ROWS = 22;
const FIT = { epochs: 4, batchSize: 8, shuffle: false } as const;

/** Both sides compute in float32, in different orders. Of the largest expected number, or of 1. */
const TOLERANCE = 3e-5;

beforeAll(() => init({ device: 'cpu' }));

const floats = (shape: number[], seed: number) => {
  const { data } = fill({ shape }, seed, 0);
  return { data: Float32Array.from(data), shape };
};

interface Twins {
  readonly inputShape: number[];
  readonly ours: () => Layer[];
  readonly theirs: () => tfl.layers.Layer[];
}

const relu = { activation: 'relu' } as const;
const inputShape = [7, 6, 3];
const sequence = [11, 4];

/** Each ends with two outputs for the mean squared error. */
const NETWORKS: Readonly<Record<string, Twins>> = {
  'convolution, normalisation, maxima': {
    inputShape,
    ours: () => [
      layers.conv2d({ filters: 5, kernelSize: 3, padding: 'same', useBias: false, inputShape }),
      layers.batchNormalization({ momentum: 0.9 }),
      layers.activation({ activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 4, kernelSize: [2, 3], strides: [1, 2], padding: 'same', ...relu }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
    theirs: () => [
      tfl.layers.conv2d({ filters: 5, kernelSize: 3, padding: 'same', useBias: false, inputShape }),
      tfl.layers.batchNormalization({ momentum: 0.9 }),
      tfl.layers.reLU(),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.conv2d({ filters: 4, kernelSize: [2, 3], strides: [1, 2], padding: 'same', ...relu }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2 }),
    ],
  },
  'normalised input, channels by themselves, averages': {
    inputShape,
    ours: () => [
      layers.batchNormalization({ momentum: 0.5, inputShape }),
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', ...relu }),
      layers.averagePooling2d({ poolSize: [3, 2], strides: [2, 1] }),
      layers.separableConv2d({ filters: 4, kernelSize: 2, ...relu }),
      layers.batchNormalization({ momentum: 0.99, epsilon: 0.01 }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 2 }),
    ],
    theirs: () => [
      tfl.layers.batchNormalization({ momentum: 0.5, inputShape }),
      tfl.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', ...relu }),
      tfl.layers.averagePooling2d({ poolSize: [3, 2], strides: [2, 1] }),
      tfl.layers.separableConv2d({ filters: 4, kernelSize: 2, ...relu }),
      tfl.layers.batchNormalization({ momentum: 0.99, epsilon: 0.01 }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 2 }),
    ],
  },
  'transposed convolution': {
    inputShape: [3, 4, 5],
    ours: () => [
      layers.conv2dTranspose({
        filters: 3,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        inputShape: [3, 4, 5],
      }),
      layers.batchNormalization({ momentum: 0.8 }),
      layers.conv2d({ filters: 4, kernelSize: 3, ...relu }),
      layers.globalMaxPooling2d(),
      layers.dense({ units: 2 }),
    ],
    theirs: () => [
      tfl.layers.conv2dTranspose({
        filters: 3,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        inputShape: [3, 4, 5],
      }),
      tfl.layers.batchNormalization({ momentum: 0.8 }),
      tfl.layers.conv2d({ filters: 4, kernelSize: 3, ...relu }),
      tfl.layers.globalMaxPooling2d({}),
      tfl.layers.dense({ units: 2 }),
    ],
  },
  sequences: {
    inputShape: sequence,
    ours: () => [
      layers.conv1d({ filters: 6, kernelSize: 3, padding: 'same', ...relu, inputShape: sequence }),
      layers.batchNormalization({ momentum: 0.7 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.conv1d({ filters: 3, kernelSize: 2, strides: 2 }),
      layers.globalAveragePooling1d(),
      layers.dense({ units: 2 }),
    ],
    theirs: () => [
      tfl.layers.conv1d({ filters: 6, kernelSize: 3, padding: 'same', ...relu, inputShape: sequence }),
      tfl.layers.batchNormalization({ momentum: 0.7 }),
      tfl.layers.maxPooling1d({ poolSize: 2 }),
      tfl.layers.conv1d({ filters: 3, kernelSize: 2, strides: 2 }),
      tfl.layers.globalAveragePooling1d({}),
      tfl.layers.dense({ units: 2 }),
    ],
  },
};

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  const error = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (actual[i] as number))));
  expect(error / scale, what).toBeLessThanOrEqual(TOLERANCE);
}

describe('training convolutional networks agrees with TensorFlow.js', () => {
  it.each(Object.entries(NETWORKS))('%s', async (_, twins) => {
    const x = floats([ROWS, ...twins.inputShape], 31);
    const y = floats([ROWS, 2], 32);
    const net = sequential(twins.ours(), { seed: 5 });
    const first = await net.getWeights();
    net.compile({
      optimizer: optimizers.sgd({ learningRate: 0.02, momentum: 0 }),
      loss: losses.meanSquaredError(),
    });
    const { history } = await net.fit(x, y, FIT);
    const trained = await net.getWeights();

    const oracle = tfl.sequential({ layers: twins.theirs() });
    let at = 0;
    for (const layer of oracle.layers) {
      const count = layer.getWeights().length;
      layer.setWeights(
        first.slice(at, at + count).map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape])),
      );
      at += count;
    }
    expect(at).toBe(first.length);
    oracle.compile({ optimizer: tf.train.sgd(0.02), loss: 'meanSquaredError' });
    const tfX = tf.tensor(x.data, x.shape);
    const { history: expected } = await oracle.fit(tfX, tf.tensor(y.data, y.shape), {
      ...FIT,
      yieldEvery: 'never',
    });

    expectClose(history.loss ?? [], expected.loss as number[], 'losses');
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] as number);
    const names = net.weights.map(({ name }) => name);
    oracle.layers
      .flatMap((layer) => layer.getWeights())
      .forEach((weight, index) => {
        expectClose(trained[index]?.data ?? [], weight.dataSync(), names[index] as string);
      });
    const moved = names.flatMap((name, index) => (name.includes('/moving') ? [index] : []));
    expect(moved.length).toBeGreaterThan(0);
    for (const index of moved) expect(trained[index]?.data).not.toEqual(first[index]?.data);
    // Inference, which takes the moving statistics.
    expectClose((await net.predict(x)).data, (oracle.predict(tfX) as tf.Tensor).dataSync(), 'predictions');
    net.dispose();
  });
});
