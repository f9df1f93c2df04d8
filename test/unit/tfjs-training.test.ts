/**
 * Whole trainings on the CPU device against TensorFlow.js: the same first weights, data, order and options on both sides; losses, metrics
 * and weights must agree after several epochs. 70 rows in batches of 32, so that each epoch ends with a batch of 6.
 */

import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DType, type HostArray, init, type NDArray } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { type Model, sequential } from '../../src/nn/model.js';
import type { FitOptions } from '../../src/nn/training/fit-options.js';
import * as optimizers from '../../src/optim/index.js';
import type { Optimizer } from '../../src/optim/optimizer.js';
import { fill } from '../kit/fill.js';
import { tf } from '../kit/tfjs.js';

const ROWS = 70;
const FEATURES = 6;
const CLASSES = 4;
const EPOCHS = 5;

/** Both sides compute in float32, in different orders. Of the largest expected number, or of 1. */
const TOLERANCE = 2e-5;

beforeAll(() => init({ device: 'cpu' }));

type Numbers = readonly number[];
type TfLoss = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor;

interface Data {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: number[];
}

const floats = (shape: number[], seed: number): Data => {
  const { data } = fill({ shape }, seed, 0);
  return { data: Float32Array.from(data), shape };
};

const x = floats([ROWS, FEATURES], 11);
const at = (row: number, column: number): number => x.data[row * FEATURES + column] as number;
/** The place of the largest of the first four features. */
const labels = Int32Array.from({ length: ROWS }, (_, row) => {
  const scores = [0, 1, 2, 3].map((column) => at(row, column));
  return scores.indexOf(Math.max(...scores));
});
const rowsOf = (width: number, value: (row: number, column: number) => number): Data => ({
  shape: [ROWS, width],
  data: Float32Array.from({ length: ROWS * width }, (_, i) => value(Math.floor(i / width), i % width)),
});
const oneHot = rowsOf(CLASSES, (row, column) => Number(labels[row] === column));
const sides = rowsOf(1, (row) => Number(at(row, 0) + at(row, 1) > 0));
const targets = rowsOf(2, (row, column) => Math.sin(at(row, column)) - 0.5 * at(row, 2));

interface Task {
  readonly y:
    | Data
    | { readonly data: Int32Array<ArrayBuffer>; readonly shape: number[]; readonly dtype: DType };
  readonly units: number;
  readonly activation: 'linear' | 'sigmoid' | 'softmax';
  readonly optimizer: () => [Optimizer, tf.Optimizer];
  readonly loss: losses.LossFunction;
  readonly tfLoss: string | TfLoss;
  /** One-hot rows instead of labels, for losses of TF.js that want them. */
  readonly tfY?: Data;
  readonly accuracy?: 'sparseCategoricalAccuracy' | 'categoricalAccuracy' | 'binaryAccuracy';
  readonly tfAccuracy?: string | TfLoss;
  readonly fit?: { readonly validationSplit?: number };
}

const labelColumn = { data: labels, shape: [ROWS, 1], dtype: 'int32' as const };

const categoricalOnLogits: TfLoss = (yTrue, yPred) => tf.neg(tf.sum(tf.mul(yTrue, tf.logSoftmax(yPred)), -1));

/** TF.js knows this metric by no name. */
const labelAccuracy: TfLoss = (yTrue, yPred) =>
  tf.equal(tf.reshape(tf.cast(yTrue, 'int32'), [-1]), tf.cast(tf.argMax(yPred, -1), 'int32'));

/**
 * ε stands at different places in the two formulas (in Heddle, as in Keras, beside √v before the bias is corrected), so that it is chosen
 * too small to matter.
 */
const adam = (): [Optimizer, tf.Optimizer] => {
  const [learningRate, beta1, beta2, epsilon] = [0.01, 0.9, 0.99, 1e-12];
  return [
    optimizers.adam({ learningRate, beta1, beta2, epsilon }),
    tf.train.adam(learningRate, beta1, beta2, epsilon),
  ];
};
const sgd = (): [Optimizer, tf.Optimizer] => [
  optimizers.sgd({ learningRate: 0.1, momentum: 0, nesterov: false }),
  tf.train.sgd(0.1),
];
/** TF.js accumulates gradients and scales the sum by the rate, Heddle accumulates scaled gradients: the same while the rate stays. */
const momentum = (nesterov: boolean) => (): [Optimizer, tf.Optimizer] => [
  optimizers.sgd({ learningRate: 0.03, momentum: 0.8, nesterov }),
  tf.train.momentum(0.03, 0.8, nesterov),
];

const TASKS: Readonly<Record<string, Task>> = {
  'labels, logits, Adam': {
    y: labelColumn,
    units: CLASSES,
    activation: 'linear',
    optimizer: adam,
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    tfLoss: categoricalOnLogits,
    tfY: oneHot,
    accuracy: 'sparseCategoricalAccuracy',
    tfAccuracy: 'categoricalAccuracy',
  },
  'labels, softmax, SGD': {
    y: labelColumn,
    units: CLASSES,
    activation: 'softmax',
    optimizer: sgd,
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: false }),
    tfLoss: 'sparseCategoricalCrossentropy',
    accuracy: 'sparseCategoricalAccuracy',
    tfAccuracy: labelAccuracy,
  },
  'one-hot, logits, momentum': {
    y: oneHot,
    units: CLASSES,
    activation: 'linear',
    optimizer: momentum(false),
    loss: losses.categoricalCrossentropy({ fromLogits: true }),
    tfLoss: categoricalOnLogits,
    accuracy: 'categoricalAccuracy',
    tfAccuracy: 'categoricalAccuracy',
  },
  'one-hot, softmax, Adam, validation split': {
    y: oneHot,
    units: CLASSES,
    activation: 'softmax',
    optimizer: adam,
    loss: losses.categoricalCrossentropy({ fromLogits: false }),
    tfLoss: 'categoricalCrossentropy',
    accuracy: 'categoricalAccuracy',
    tfAccuracy: 'categoricalAccuracy',
    fit: { validationSplit: 0.3 },
  },
  'two classes, sigmoid, Adam, validation split': {
    y: sides,
    units: 1,
    activation: 'sigmoid',
    optimizer: adam,
    loss: losses.binaryCrossentropy({ fromLogits: false }),
    tfLoss: 'binaryCrossentropy',
    accuracy: 'binaryAccuracy',
    tfAccuracy: 'binaryAccuracy',
    fit: { validationSplit: 0.1 },
  },
  'regression, SGD': {
    y: targets,
    units: 2,
    activation: 'linear',
    optimizer: sgd,
    loss: losses.meanSquaredError(),
    tfLoss: 'meanSquaredError',
  },
  'regression, Nesterov': {
    y: targets,
    units: 2,
    activation: 'linear',
    optimizer: momentum(true),
    loss: losses.meanSquaredError(),
    tfLoss: 'meanSquaredError',
  },
  'absolute errors, Adam': {
    y: targets,
    units: 2,
    activation: 'linear',
    optimizer: adam,
    loss: losses.meanAbsoluteError(),
    tfLoss: 'meanAbsoluteError',
  },
};

const firstWeights = (units: number): Data[] => [
  floats([FEATURES, 8], 21),
  floats([8], 22),
  floats([8, units], 23),
  floats([units], 24),
];

function heddleModel({ units, activation, optimizer, loss, accuracy }: Task): Model<NDArray> {
  const net = sequential([
    layers.dense({ units: 8, activation: 'relu', inputShape: [FEATURES] }),
    layers.dense({ units, activation }),
  ]);
  net.setWeights(firstWeights(units));
  net.compile({ optimizer: optimizer()[0], loss, metrics: accuracy ? [accuracy] : [] });
  return net;
}

function tfModel({ units, activation, optimizer, tfLoss, tfAccuracy }: Task): tfl.LayersModel {
  const net = tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 8, activation: 'relu', inputShape: [FEATURES] }),
      tfl.layers.dense({ units, activation }),
    ],
  });
  net.setWeights(firstWeights(units).map(({ data, shape }) => tf.tensor(data, shape)));
  net.compile({ optimizer: optimizer()[1], loss: tfLoss, metrics: tfAccuracy ? [tfAccuracy] : [] });
  return net;
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  const error = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (actual[i] as number))));
  expect(error / scale, what).toBeLessThanOrEqual(TOLERANCE);
}

const data = (arrays: readonly NDArray[]): HostArray[] => arrays.map((array) => array.data);

describe('training agrees with TensorFlow.js', () => {
  it.each(Object.entries(TASKS))('%s', async (_, task) => {
    const options = { epochs: EPOCHS, batchSize: 32, shuffle: false, ...task.fit } satisfies FitOptions;
    const net = heddleModel(task);
    const { history } = await net.fit(x, task.y, options);

    const oracle = tfModel(task);
    const tfX = tf.tensor(x.data, x.shape as [number, number]);
    const { data: wanted, shape } = task.tfY ?? task.y;
    const tfY = tf.tensor(wanted, shape as [number, number], 'float32');
    const { history: expected } = await oracle.fit(tfX, tfY, { ...options, yieldEvery: 'never' });

    // Its logs call a metric by whatever name it finds for it.
    const tfMetric = Object.keys(expected).find((key) => !/^val_|^loss$/.test(key)) ?? '';
    const tfLog = (key: string): Numbers =>
      expected[task.accuracy ? key.replace(task.accuracy, tfMetric) : key] as number[];
    const keys = ['loss', ...(task.accuracy ? [task.accuracy] : [])];
    const logged = task.fit ? [...keys, ...keys.map((key) => `val_${key}`)] : keys;
    expect(Object.keys(history).sort()).toEqual([...logged].sort());
    for (const key of logged) expectClose(history[key] ?? [], tfLog(key), key);
    expect(history.loss?.at(-1)).toBeLessThan(0.9 * (history.loss?.[0] as number));

    const weights = data(await net.getWeights());
    for (const [index, weight] of oracle.getWeights().entries()) {
      expectClose(weights[index] ?? [], weight.dataSync(), `weight ${index}`);
    }
    const predicted = oracle.predict(tfX) as tf.Tensor;
    expectClose((await net.predict(x)).data, predicted.dataSync(), 'predictions');
    const evaluated = [oracle.evaluate(tfX, tfY, { batchSize: 32 })].flat() as tf.Scalar[];
    const means = await net.evaluate(x, task.y, { batchSize: 32 });
    expectClose(
      keys.map((key) => means[key] as number),
      evaluated.map((one) => one.dataSync()[0] as number),
      'evaluation',
    );
    net.dispose();
  });
});
