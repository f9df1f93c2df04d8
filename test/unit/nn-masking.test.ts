/** Masking, and what masks go through. */

import { beforeAll, describe, expect, it } from 'vitest';
import { grad, gradCheck, init, ops, tensor } from '../../src/engine/index.js';
import type { AnyLayer, Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { model, sequential } from '../../src/nn/model.js';
import { Network } from '../../src/nn/network.js';
import { failure, rejection } from '../kit/failure.js';
import { expectKept, maskOf } from '../kit/masks.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const SEQUENCE = [
  [
    [1, 2],
    [0, 0],
    [3, 0],
  ],
  [
    [0, 0],
    [0, 0],
    [0, 4],
  ],
];
const MASK = [
  [1, 0, 1],
  [0, 0, 1],
];

describe('masking', () => {
  const x = () => layers.input({ shape: [3, 2], name: 'x' });

  it('finds steps of one value, and sets them to 0', async () => {
    expect(await maskOf(x(), [layers.masking()], SEQUENCE)).toEqual(MASK);
    const shifted = SEQUENCE.map((row) => row.map((step) => step.map((value) => value - 1)));
    const net = sequential([layers.masking({ maskValue: -1, inputShape: [3, 2] })]);
    expect((await net.predict(shifted)).array()).toEqual(
      shifted.map((row, b) => row.map((step, t) => (MASK[b]?.[t] ? step : [0, 0]))),
    );
    expectKept(net);
    net.dispose();
  });

  it.each([[[]], [[1]]])('takes lengths of shape [batch, …%j]', async (shape) => {
    const [from, lengths] = [x(), layers.input({ shape, dtype: 'int32', name: 'lengths' })];
    const net = model({ inputs: [from, lengths], outputs: layers.masking().apply([from, lengths]) });
    const ones = SEQUENCE.map((row) => row.map(() => [1, 1]));
    expect((await net.predict({ x: ones, lengths: [0, 2] })).array()).toEqual([
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      [
        [1, 1],
        [1, 1],
        [0, 0],
      ],
    ]);
    const data = { x: ones, lengths: [3, 4] };
    const error = await rejection(net.predict(data));
    expect(error.message).toContain('x.lengths has the length 4 at row 1');
    expect(error.message).toContain("masking 'masking_1' takes 0 to 3");
    expect((await rejection(net.predict({ ...data, lengths: [-1, 2] }))).message).toContain('the length -1');
    expectKept(net);
    net.dispose();
  });

  it('knows the steps of data where the model does not', async () => {
    const from = layers.input({ shape: [null, 2], name: 'x' });
    const lengths = layers.input({ shape: [], dtype: 'int32', name: 'lengths' });
    const deep = layers.dense({ units: 3 }).apply(from);
    const net = model({ inputs: [from, lengths], outputs: layers.masking().apply([deep, lengths]) });
    expect((await rejection(net.predict({ x: SEQUENCE, lengths: [3, 4] }))).message).toContain(
      'takes 0 to 3',
    );
    expect((await net.predict({ x: SEQUENCE, lengths: [3, 3] })).shape).toEqual([2, 3, 3]);
    net.dispose();
  });

  it('needs sequences of at least one step', async () => {
    const net = sequential([layers.masking({ inputShape: [null, 2] }), layers.globalAveragePooling1d()]);
    const none = { data: new Float32Array(0), shape: [2, 0, 2] };
    expect((await rejection(net.predict(none))).message).toContain('x has shape [2,0,2]: its rows are empty');
    net.dispose();
  });

  it('leaves integers integers', async () => {
    const counts = layers.input({ shape: [2, 2], dtype: 'int32' });
    const net = model({ inputs: counts, outputs: layers.masking({ maskValue: 7 }).apply(counts) });
    expect(net.outputs[0]?.dtype).toBe('int32');
    const { data } = await net.predict({ data: Int32Array.of(7, 7, 7, 1), shape: [1, 2, 2] });
    expect(data).toEqual(Int32Array.of(0, 0, 7, 1));
    net.dispose();
  });

  it('adds to a mask that is there', async () => {
    const shifted = [
      [
        [1, 1],
        [0, 0],
        [2, 2],
      ],
      [
        [0, 0],
        [2, 2],
        [2, 2],
      ],
    ];
    expect(await maskOf(x(), [layers.masking(), layers.masking({ maskValue: 2 })], shifted)).toEqual([
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('stops gradients at padding', async () => {
    const net = new Network({ layers: [layers.masking({ inputShape: [3, 2] })] });
    const from = tensor(SEQUENCE);
    const slopes = await grad(ops.sum(net.apply(from)), from).array();
    expect(slopes).toEqual(MASK.map((row) => row.map((one) => [one, one])));
    net.dispose();
  });

  it('refuses what has no steps, and odd lengths', () => {
    const flat = layers.input({ shape: [3] });
    expect(failure(() => layers.masking().apply(flat)).message).toContain(
      '[any,3] has no steps with features',
    );
    const odd = failure(() => layers.masking().apply([x(), layers.input({ shape: [2] })]));
    expect(odd.message).toContain('lengths are [any,2]');
    expect(failure(() => layers.masking().apply([x(), x(), x()])).message).toContain('got 3 inputs');
    expect(failure(() => layers.masking({ maskValue: Number.NaN })).message).toContain('maskValue');
  });
});

describe('masks', () => {
  const from = () => layers.input({ shape: [3, 2], name: 'x' });
  const maskAfter = (...list: AnyLayer[]) => maskOf(from(), [layers.masking(), ...list], SEQUENCE);

  const KEEPING: Record<string, () => Layer> = {
    activation: () => layers.activation({ activation: 'relu' }),
    dense: () => layers.dense({ units: 4 }),
    dropout: () => layers.dropout({ rate: 0.5 }),
    gaussianNoise: () => layers.gaussianNoise({ stddev: 1 }),
    rescaling: () => layers.rescaling({ scale: 2 }),
    layerNormalization: () => layers.layerNormalization(),
    groupNormalization: () => layers.groupNormalization({ groups: 1 }),
    batchNormalization: () => layers.batchNormalization(),
    timeDistributed: () => layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
  };

  it.each(Object.entries(KEEPING))('go through %s', async (_, make) => {
    expect(await maskAfter(make())).toEqual(MASK);
  });

  const ENDING: Record<string, () => Layer> = {
    conv1d: () => layers.conv1d({ filters: 2, kernelSize: 1 }),
    maxPooling1d: () => layers.maxPooling1d({ poolSize: 1 }),
    reshape: () => layers.reshape({ targetShape: [3, 2] }),
    flatten: () => layers.flatten(),
  };

  it.each(Object.entries(ENDING))('end in %s', async (_, make) => {
    expect(await maskAfter(make())).toBeNull();
  });

  it('of merged sequences are those of steps that count in all', async () => {
    const a = from();
    const b = layers.input({ shape: [3, 2], name: 'b' });
    const other = [
      [
        [1, 1],
        [1, 1],
        [0, 0],
      ],
      [
        [1, 1],
        [0, 0],
        [1, 1],
      ],
    ];
    const both = [
      [1, 0, 0],
      [0, 0, 1],
    ];
    for (const merge of [layers.add(), layers.multiply(), layers.maximum(), layers.concatenate()]) {
      const merged = merge.apply([layers.masking().apply(a), layers.masking().apply(b)]);
      expect(await maskOf([a, b], merged, { x: SEQUENCE, b: other })).toEqual(both);
    }
    const half = layers.add().apply([layers.masking().apply(a), b]);
    expect(await maskOf([a, b], half, { x: SEQUENCE, b: other })).toEqual(MASK);
    const longer = layers.concatenate({ axis: 1 }).apply([layers.masking().apply(a), b]);
    expect(await maskOf([a, b], longer, { x: SEQUENCE, b: other })).toEqual(
      MASK.map((row) => [...row, 1, 1, 1]),
    );
    const none = layers.concatenate({ axis: 1 }).apply([a, b]);
    expect(await maskOf([a, b], none, { x: SEQUENCE, b: other })).toBeNull();
  });

  it('count in global averages: other steps have no part in values and gradients', async () => {
    const net = sequential([
      layers.masking({ inputShape: [3, 2] }),
      layers.rescaling({ scale: 1, offset: 1 }),
      layers.globalAveragePooling1d(),
    ]);
    expect((await net.predict(SEQUENCE)).array()).toEqual([
      [3, 2],
      [1, 5],
    ]);
    expect(
      (
        await net.predict([
          [
            [0, 0],
            [0, 0],
            [0, 0],
          ],
        ])
      ).array(),
    ).toEqual([[0, 0]]);
    const report = await gradCheck(
      (x) => ops.square(net.apply(x)),
      [SEQUENCE.map((row) => row.map((step) => step.map((value) => value || 0.5)))],
    );
    expect(report.failures).toEqual([]);
    net.dispose();
  });

  it('count in the statistics of batch normalization', async () => {
    const bn = layers.batchNormalization({ momentum: 0 });
    const net = sequential([
      layers.masking({ inputShape: [3, 2] }),
      layers.rescaling({ scale: 1, offset: 1 }),
      bn,
    ]);
    net.compile({ optimizer: 'sgd', loss: 'mse' });
    await net.trainOnBatch(SEQUENCE, SEQUENCE);
    const [, , mean, variance] = (await net.getWeights()).map((one) => one.array() as number[]);
    // The steps that count, with 1 added: [2, 3], [4, 1], [1, 5].
    const [first, second] = [7 / 3, 3];
    expect(mean?.[0]).toBeCloseTo(first, 5);
    expect(mean?.[1]).toBeCloseTo(second, 5);
    expect(variance?.[0]).toBeCloseTo((4 + 16 + 1) / 3 - first ** 2, 5);
    expect(variance?.[1]).toBeCloseTo((9 + 1 + 25) / 3 - second ** 2, 5);
    const report = await gradCheck(
      (x) =>
        ops.square(
          net.apply(ops.mul(x, tensor(MASK.map((row) => row.map((one) => [one, one])))), { training: true }),
        ),
      [SEQUENCE.map((row) => row.map((step) => step.map((value, at) => value || 0.5 + at)))],
      { variables: net.trainableWeights },
    );
    expect(report.failures).toEqual([]);
    net.dispose();
  });
});
