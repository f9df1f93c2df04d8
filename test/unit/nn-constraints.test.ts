/** Constraints: the numbers of their formulas, applied after each step and only where it is taken, and files. */

import { beforeAll, describe, expect, it } from 'vitest';
import {
  constraints,
  init,
  layers,
  load,
  type Model,
  optimizers,
  save,
  sequential,
  tensor,
} from '../../src/index.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

/** Norms of the columns: 5, 0.5, 0. */
const W = tensor([
  [3, 0.3, 0],
  [-4, 0.4, 0],
]);

describe('formulas', () => {
  it.each([
    ['maxNorm', constraints.maxNorm({ maxValue: 1 }), [0.6, 0.3, 0, -0.8, 0.4, 0]],
    ['maxNorm along rows', constraints.maxNorm({ maxValue: 100, axis: 1 }), [3, 0.3, 0, -4, 0.4, 0]],
    ['nonNeg', constraints.nonNeg(), [3, 0.3, 0, 0, 0.4, 0]],
    ['unitNorm', constraints.unitNorm(), [0.6, 0.6, 0, -0.8, 0.8, 0]],
    ['minMaxNorm', constraints.minMaxNorm({ minValue: 1, maxValue: 2 }), [1.2, 0.6, 0, -1.6, 0.8, 0]],
    // Norm 5 goes half the way to 2: 3.5; 0.5 half the way to 1: 0.75.
    [
      'minMaxNorm at a rate',
      constraints.minMaxNorm({ minValue: 1, maxValue: 2, rate: 0.5 }),
      [2.1, 0.45, 0, -2.8, 0.6, 0],
    ],
    [
      'over all axes',
      constraints.unitNorm({ axis: [0, 1] }),
      [3, 0.3, 0, -4, 0.4, 0].map((w) => w / Math.sqrt(25.25)),
    ],
  ])('%s', async (_, { constrain }, expected) => {
    const values = await constrain(W).data();
    expected.forEach((value, index) => {
      expect(values[index]).toBeCloseTo(value, 5);
    });
  });

  it('have the defaults of Keras, and check their options', () => {
    expect(constraints.maxNorm().config).toEqual({ maxValue: 2, axis: 0 });
    expect(constraints.minMaxNorm().config).toEqual({ minValue: 0, maxValue: 1, rate: 1, axis: 0 });
    expect(failure(() => constraints.maxNorm({ max: 1 } as never)).fix).toContain("'maxValue'");
    expect(failure(() => constraints.maxNorm({ maxValue: 0 })).roles).toEqual(['maxValue']);
    expect(failure(() => constraints.minMaxNorm({ minValue: 2 })).roles).toEqual(['maxValue']);
    expect(failure(() => constraints.minMaxNorm({ rate: 0 })).roles).toEqual(['rate']);
    expect(failure(() => constraints.unitNorm({ axis: [0.5] })).roles).toEqual(['axis']);
  });
});

function net(options: object, learningRate = 1): Model {
  const made = sequential([
    layers.dense({
      units: 2,
      kernelInitializer: 'ones',
      biasInitializer: 'ones',
      inputShape: [2],
      ...options,
    }),
  ]);
  made.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'meanSquaredError' });
  return made;
}

const values = async (model: Model): Promise<number[]> =>
  (await model.getWeights()).flatMap(({ data }) => [...data]);

describe('training', () => {
  it('holds weights to their constraints after each step', async () => {
    const model = net({ kernelConstraint: 'nonNeg', biasConstraint: constraints.nonNeg() });
    // Outputs (3, 3), targets (-1, 3): gradients of the first unit 4 · (1, 1), bias 4; of the second 0.
    await model.trainOnBatch([[1, 1]], [[-1, 3]]);
    expect(await values(model)).toEqual([0, 1, 0, 1, 0, 1]);
    model.dispose();
  });

  it('with every optimizer, beside weights that are free', async () => {
    for (const optimizer of ['sgd', 'adam', 'adamW'] as const) {
      const model = sequential([
        layers.dense({ units: 4, activation: 'relu', inputShape: [2] }),
        layers.dense({ units: 3, kernelConstraint: constraints.maxNorm({ maxValue: 0.25 }) }),
        layers.dense({ units: 2, kernelConstraint: 'unitNorm' }),
      ]);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const x = { data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)), shape: [12, 2] };
      await model.fit(x, x, { batchSize: 5, epochs: 2 });
      const [, , second, , third] = await model.getWeights();
      const norms = (data: ArrayLike<number>, columns: number): number[] =>
        Array.from({ length: columns }, (_, column) =>
          Math.hypot(...Array.from(data).filter((__, index) => index % columns === column)),
        );
      for (const norm of norms(second?.data as Float32Array, 3)) expect(norm).toBeLessThan(0.250001);
      for (const norm of norms(third?.data as Float32Array, 2)) expect(norm).toBeCloseTo(1, 5);
      model.dispose();
    }
  });

  it('leaves weights of a step that is refused, and of frozen layers, alone', async () => {
    const model = net({ kernelConstraint: 'unitNorm' });
    await expect(model.trainOnBatch([[1e30, 1e30]], [[0, 0]])).rejects.toThrow('loss');
    expect(await values(model)).toEqual([1, 1, 1, 1, 1, 1]);
    const frozen = net({ kernelConstraint: 'unitNorm', trainable: false });
    await frozen.trainOnBatch([[1, 1]], [[0, 0]]);
    expect(await values(frozen)).toEqual([1, 1, 1, 1, 1, 1]);
    for (const one of [model, frozen]) one.dispose();
  });

  it('goes on after a file as before it', async () => {
    const model = net({ kernelConstraint: constraints.maxNorm({ maxValue: 0.5, axis: [0] }) }, 0.1);
    await model.trainOnBatch([[1, 2]], [[3, 4]]);
    const again = await load(await save(model));
    for (const one of [model, again]) await one.trainOnBatch([[2, 1]], [[3, 4]]);
    expect(await values(again)).toEqual(await values(model));
    for (const one of [model, again]) one.dispose();
  });
});
