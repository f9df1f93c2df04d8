/**
 * Batch normalisation: training against TensorFlow.js, statistics included; modes; formulas; what a step costs. What all normalisations
 * take and refuse stands here too.
 */

import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, init, ops, type Tensor, tensor } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { sequential } from '../../src/nn/model.js';
import { Network } from '../../src/nn/network.js';
import * as regularizers from '../../src/nn/regularizers/index.js';
import * as optimizers from '../../src/optim/index.js';
import { failure } from '../kit/failure.js';
import { expectClose, floats } from '../kit/normalization.js';
import { tf } from '../kit/tfjs.js';

beforeAll(() => init({ device: 'cpu' }));

const ROWS = 22;

describe('batchNormalization trains as in TensorFlow.js, moving statistics included', () => {
  const kinds = { 'after a dense layer': [6], 'of images': [3, 2, 4] };
  it.each(Object.entries(kinds))('%s', async (_, shape) => {
    const images = shape.length > 1;
    const features = shape.at(-1) as number;
    const x = floats([ROWS, ...shape], 3);
    const y = floats([ROWS, 2], 4);
    const width = images ? 3 * 2 * 4 : 5;
    const normalized = images ? features : 5;
    const first = [
      ...(images ? [] : [floats([6, 5], 21), floats([5], 22)]),
      floats([normalized], 23),
      floats([normalized], 24),
      floats([normalized], 25),
      { data: Float32Array.from({ length: normalized }, (_, i) => 0.5 + i / 4), shape: [normalized] },
      floats([width, 2], 27),
      floats([2], 28),
    ];
    // Its gamma, beta, moving mean and variance stand in the same order; frozen weights come last in getWeights().
    const config = { momentum: 0.7, epsilon: 0.01 };
    const net = sequential([
      ...(images ? [] : [layers.dense({ units: 5, inputShape: shape })]),
      layers.batchNormalization({ ...config, ...(images && { inputShape: shape }) }),
      ...(images ? [layers.flatten()] : []),
      layers.dense({ units: 2 }),
    ]);
    net.setWeights(first);
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0.05 }), loss: losses.meanSquaredError() });
    const options = { epochs: 3, batchSize: 8, shuffle: false };
    const { history } = await net.fit(x, y, options);

    const oracle = tfl.sequential({
      layers: [
        ...(images ? [] : [tfl.layers.dense({ units: 5, inputShape: shape })]),
        tfl.layers.batchNormalization({ ...config, ...(images && { inputShape: shape }) }),
        ...(images ? [tfl.layers.flatten()] : []),
        tfl.layers.dense({ units: 2 }),
      ],
    });
    const byLayer = [...first];
    for (const layer of oracle.layers) {
      const own = layer.weights.map(() => byLayer.shift()).filter((one) => one !== undefined);
      // layer.weights lists trainable weights first, which is the order here too.
      layer.setWeights(own.map(({ data, shape: extents }) => tf.tensor(data, extents)));
    }
    oracle.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
    const tfX = tf.tensor(x.data, x.shape as [number, number]);
    const { history: expected } = await oracle.fit(tfX, tf.tensor(y.data, y.shape as [number, number]), {
      ...options,
      yieldEvery: 'never',
    });
    expectClose(history.loss ?? [], expected.loss as number[]);

    const weights = await net.getWeights();
    const wanted = oracle.layers.flatMap((layer) => layer.getWeights());
    expect(weights.map(({ shape: extents }) => extents)).toEqual(wanted.map(({ shape: extents }) => extents));
    weights.forEach(({ data }, index) => {
      expectClose(data, (wanted[index] as tf.Tensor).dataSync());
    });
    expectClose((await net.predict(x)).data, (oracle.predict(tfX) as tf.Tensor).dataSync());
    net.dispose();
  });
});

const X = [
  [1, 10],
  [3, 30],
  [5, 80],
];
const MEAN = [3, 40];
const VARIANCE = [8 / 3, (900 + 100 + 1600) / 3];
const EPSILON = 1e-3;
const standard = (row: readonly number[], mean: readonly number[], variance: readonly number[]): number[] =>
  row.map((value, i) => (value - (mean[i] as number)) / Math.sqrt((variance[i] as number) + EPSILON));

describe('batchNormalization', () => {
  const numbers = async (value: Tensor): Promise<number[]> => [...(await value.data())];

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('with scale %s and center %s is its formula, in both modes', async (scale, center) => {
    const net = new Network({
      layers: [
        layers.batchNormalization({
          scale,
          center,
          gammaInitializer: { name: 'constant', config: { value: 2 } },
          betaInitializer: { name: 'constant', config: { value: -1 } },
          movingMeanInitializer: { name: 'constant', config: { value: 4 } },
          inputShape: [2],
        }),
      ],
    });
    const affine = (value: number): number => (scale ? 2 : 1) * value - (center ? 1 : 0);
    expect(net.weights.map(({ name }) => name.split('/')[1])).toEqual([
      ...(scale ? ['gamma'] : []),
      ...(center ? ['beta'] : []),
      'movingMean',
      'movingVariance',
    ]);
    expect(net.trainableWeights.length).toBe(Number(scale) + Number(center));
    const trained = await numbers(net.apply(tensor(X), { training: true }));
    expectClose(trained, X.flatMap((row) => standard(row, MEAN, VARIANCE)).map(affine), 1e-6);
    const inferred = await numbers(net.apply(tensor(X)));
    expectClose(inferred, X.flatMap((row) => standard(row, [4, 4], [1, 1])).map(affine), 1e-6);
    net.dispose();
  });

  it.each([
    [true, false],
    [false, true],
    [false, false],
  ])('trains with scale %s and center %s', async (scale, center) => {
    const net = sequential(
      [layers.batchNormalization({ scale, center, inputShape: [2] }), layers.dense({ units: 1 })],
      { seed: 3 },
    );
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: losses.meanSquaredError() });
    const { history } = await net.fit(X, [[0], [1], [2]], { epochs: 20 });
    expect(history.loss?.at(-1)).toBeLessThan(0.2 * (history.loss?.[0] as number));
    const weights = await net.getWeights();
    const [movingMean] = weights.slice(Number(scale) + Number(center));
    expectClose(
      movingMean?.data ?? [],
      MEAN.map((value) => value * (1 - 0.99 ** 20)),
      1e-5,
    );
    net.dispose();
  });

  it('normalises along another axis', async () => {
    const x = floats([3, 4, 5], 9);
    const along = new Network({ layers: [layers.batchNormalization({ axis: 1, inputShape: [4, 5] })] });
    expect(along.weights.map(({ shape }) => shape)).toEqual([[4], [4], [4], [4]]);
    const y = await numbers(along.apply(tensor(x.data, { shape: x.shape }), { training: true }));
    const last = new Network({ layers: [layers.batchNormalization({ inputShape: [5, 4] })] });
    const turned = ops.transpose(tensor(x.data, { shape: x.shape }), { perm: [0, 2, 1] });
    const back = ops.transpose(last.apply(turned, { training: true }), { perm: [0, 2, 1] });
    expectClose(y, await numbers(back), 1e-6);
  });

  it('hands out updates in graph programs, the second use of a layer going on from the first', async () => {
    const x = layers.input({ shape: [2] });
    const shared = layers.batchNormalization({ momentum: 0.5 });
    const net = new Network({ inputs: x, outputs: shared.apply(shared.apply(x)) });
    const updates: Parameters<NonNullable<Parameters<Network['apply']>[1]>['onUpdate'] & object>[0][] = [];
    const y = net.apply(tensor(X), { training: true, onUpdate: (update) => updates.push(update) });
    expect(updates.map(({ variable }) => variable.name)).toEqual([
      'batchNormalization_1/movingMean',
      'batchNormalization_1/movingVariance',
    ]);
    const program = await compile({ inputs: {}, outputs: { y }, updates });
    await program.run({});
    const [mean, variance] = (await net.getWeights()).slice(2);
    // The second batch has mean 0 and a variance a little below 1.
    expectClose(
      mean?.data ?? [],
      MEAN.map((value) => value * 0.5 * 0.5),
      1e-6,
    );
    const after = VARIANCE.map((value) => (1 * 0.5 + value * 0.5) * 0.5 + (value / (value + EPSILON)) * 0.5);
    expectClose(variance?.data ?? [], after, 1e-6);
    expect(updates.length).toBe(2);
    program.dispose();
    net.dispose();
  });

  it('hands out nothing in inference, and nothing where it is frozen: then it runs in inference mode', () => {
    const count = (training: boolean, trainable: boolean): number => {
      let updates = 0;
      const net = new Network({ layers: [layers.batchNormalization({ trainable, inputShape: [2] })] });
      net.apply(tensor(X), { training, onUpdate: () => updates++ });
      return updates;
    };
    expect([count(true, true), count(false, true), count(true, false)]).toEqual([2, 0, 0]);
  });

  it('frozen, gives in training what it gives in inference', async () => {
    const net = new Network({
      layers: [
        layers.batchNormalization({
          trainable: false,
          movingVarianceInitializer: { name: 'constant', config: { value: 9 } },
          inputShape: [2],
        }),
      ],
    });
    const inferred = await numbers(net.apply(tensor(X)));
    expect(await numbers(net.apply(tensor(X), { training: true }))).toEqual(inferred);
    expectClose(
      inferred,
      X.flatMap((row) => standard(row, [0, 0], [9, 9])),
      1e-6,
    );
  });

  it('keeps its statistics where a step is refused', async () => {
    const net = sequential([
      layers.batchNormalization({ momentum: 0.5, inputShape: [2] }),
      layers.dense({ units: 1 }),
    ]);
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0.01 }), loss: losses.meanSquaredError() });
    // The square of the second batch's errors is infinite.
    const x = [...X, ...X];
    const y = x.map((_, row) => [row < X.length ? 1 : 1e30]);
    const fit = net.fit(x, y, { batchSize: 3, shuffle: false });
    await expect(fit).rejects.toThrow(/step 2/);
    const [, , mean, variance] = await net.getWeights();
    expectClose(
      mean?.data ?? [],
      MEAN.map((value) => value / 2),
      1e-6,
    );
    expectClose(
      variance?.data ?? [],
      VARIANCE.map((value) => 0.5 + value / 2),
      1e-6,
    );
    net.dispose();
  });

  it('costs six dispatches a step for each layer, and one for the statistics of all', async () => {
    const dispatchesWith = async (normalized: number): Promise<number> => {
      const hidden = [6, 5, 4].flatMap((units, index) => [
        layers.dense({ units, useBias: false, ...(index === 0 && { inputShape: [2] }) }),
        ...(index < normalized ? [layers.batchNormalization()] : []),
        layers.activation({ activation: 'relu' }),
      ]);
      const net = sequential([...hidden, layers.dense({ units: 1 })]);
      net.compile({ optimizer: optimizers.adam(), loss: losses.meanSquaredError() });
      await net.fit(X, [[0], [1], [2]], { epochs: 1 });
      const { dispatches = 0, copies } = net.trainer('test').lastProgram?.stats() ?? {};
      net.dispose();
      expect(copies).toBe(0);
      return dispatches;
    };
    const counts = await Promise.all([0, 1, 2, 3].map(dispatchesWith));
    expect(counts.map((count) => count - (counts[0] as number))).toEqual([0, 7, 13, 19]);
  });

  it('survives a large mean: the variance is found in two passes', async () => {
    const net = new Network({ layers: [layers.batchNormalization({ epsilon: 1e-12, inputShape: [1] })] });
    const x = [[10000], [10001], [10002], [10003]];
    expectClose(
      await numbers(net.apply(tensor(x), { training: true })),
      [-1.5, -0.5, 0.5, 1.5].map((value) => value / Math.sqrt(1.25)),
      1e-6,
    );
  });

  it('takes regularizers and constraints for gamma and beta, as every normalisation does', async () => {
    const rules = { gammaRegularizer: regularizers.l2({ l2: 0.5 }), betaConstraint: 'nonNeg' } as const;
    for (const layer of [
      layers.batchNormalization({ ...rules, inputShape: [2] }),
      layers.layerNormalization({ ...rules, inputShape: [2] }),
      layers.groupNormalization({ ...rules, groups: 1, inputShape: [2] }),
    ]) {
      const net = sequential([layer]);
      expect(await net.penalty().data()).toEqual(Float32Array.of(1));
      net.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: losses.meanSquaredError() });
      await net.trainOnBatch(
        X,
        X.map(() => [-5, 5]),
      );
      const beta = (await net.getWeights())[1]?.data ?? [];
      expect(beta[0]).toBe(0);
      expect(beta[1]).toBeGreaterThan(0);
      net.dispose();
    }
  });

  it('refuses what cannot be', () => {
    expect(failure(() => layers.batchNormalization({ momentum: 2 })).roles).toEqual(['momentum']);
    expect(failure(() => layers.batchNormalization({ epsilon: 0 })).roles).toEqual(['epsilon']);
    const input = layers.input({ shape: [2] });
    expect(failure(() => layers.batchNormalization({ axis: 0 }).apply(input)).roles).toEqual([
      'axis',
      'input',
    ]);
    expect(failure(() => layers.layerNormalization({ axis: [1, 2] }).apply(input)).roles).toEqual([
      'axis',
      'input',
    ]);
    expect(failure(() => layers.layerNormalization({ axis: [] })).roles).toEqual(['axis']);
    expect(failure(() => layers.layerNormalization({ axis: 'x' } as never).apply(input)).roles).toEqual([
      'axis',
      'input',
    ]);
    expect(failure(() => layers.groupNormalization().apply(input)).roles).toEqual(['groups', 'input']);
    const renormed = failure(() => layers.batchNormalization({ renorm: true } as never));
    expect([renormed.roles, renormed.fix]).toEqual([
      ['option'],
      expect.stringContaining('no renormalisation'),
    ]);
    const virtual = failure(() => layers.batchNormalization({ virtualBatchSize: 8 } as never));
    expect(virtual.fix).toContain('batchSize');
    expect(failure(() => layers.layerNormalization({ rmsScaling: true } as never)).fix).toContain('mean');
    const free = new Network({ layers: [layers.batchNormalization({ inputShape: [null] })] });
    expect(failure(() => free.weights).roles).toEqual(['inputShape']);
  });
});
