/** Embedding: rows for tokens, padding, and ids that are none. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, tensor } from '../../src/engine/index.js';
import { load, save } from '../../src/nn/file.js';
import * as layers from '../../src/nn/layers/index.js';
import { model, sequential } from '../../src/nn/model.js';
import { failure, rejection } from '../kit/failure.js';
import { expectKept, maskOf, nestedNumbers } from '../kit/masks.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

describe('embedding', () => {
  const build = (options: object = {}, inputShape: (number | null)[] = [null]) =>
    sequential([layers.embedding({ inputDim: 4, outputDim: 2, inputShape, ...options })], { seed: 1 });

  it('gives each token its row, for sequences and single tokens, ints and bytes', async () => {
    const net = build();
    const table = (await net.getWeights())[0]?.array() as number[][];
    expect([net.inputs[0]?.dtype, net.outputs[0]?.shape]).toEqual(['int32', [null, null, 2]]);
    expect(net.weights[0]?.shape).toEqual([4, 2]);
    expect(table.flat().every((value) => Math.abs(value) <= 0.05)).toBe(true);
    const expected = [
      [table[3], table[0]],
      [table[1], table[1]],
    ];
    const ids = [
      [3, 0],
      [1, 1],
    ];
    expect((await net.predict(ids)).array()).toEqual(expected);
    const bytes = { data: Uint8Array.of(3, 0, 1, 1), shape: [2, 2] };
    expect((await net.predict(bytes)).array()).toEqual(expected);
    const floats = layers.input({ shape: [2] });
    const other = model({ inputs: floats, outputs: net.getLayer('embedding_1').apply(floats) });
    expect((await other.predict(ids)).array()).toEqual(expected);
    other.dispose();
    const single = build({}, []);
    expect((await single.predict(Int32Array.of(2, 2))).shape).toEqual([2, 2]);
    for (const one of [net, single]) one.dispose();
  });

  it('learns, with rules, in bits that do not depend on chance', async () => {
    const make = () => {
      const net = sequential(
        [
          layers.embedding({
            inputDim: 6,
            outputDim: 3,
            embeddingsRegularizer: 'l2',
            embeddingsConstraint: 'nonNeg',
            inputShape: [5],
          }),
          layers.flatten(),
          layers.dense({ units: 1 }),
        ],
        { seed: 4 },
      );
      net.compile({ optimizer: 'adam', loss: 'mse' });
      return net;
    };
    const x = nestedNumbers([12, 5]) as number[][];
    const ids = x.map((row) => row.map((value) => Math.floor((value + 1) * 3)));
    const y = ids.map((row) => [row.filter((id) => id === 2).length]);
    const [first, second] = [make(), make()];
    const { history } = await first.fit(ids, y, { epochs: 20, batchSize: 5 });
    await second.fit(ids, y, { epochs: 20, batchSize: 5 });
    expect(history.loss?.at(-1)).toBeLessThan((history.loss?.[0] ?? 0) * 0.9);
    expect(await first.getWeights()).toEqual(await second.getWeights());
    expect((await first.getWeights())[0]?.data.every((value) => value >= 0)).toBe(true);
    expectKept(first);
    const loaded = await load(await save(first));
    expect(await loaded.predict(ids)).toEqual(await first.predict(ids));
    for (const one of [first, second, loaded]) one.dispose();
  });

  it('masks token 0 where it is told to', async () => {
    const ids = [
      [3, 0, 1],
      [0, 0, 2],
    ];
    const mask = (options: object) =>
      maskOf(
        layers.input({ shape: [3], dtype: 'int32' }),
        [layers.embedding({ inputDim: 4, outputDim: 2, ...options })],
        ids,
      );
    expect(await mask({ maskZero: true })).toEqual([
      [1, 0, 1],
      [0, 0, 1],
    ]);
    expect(await mask({})).toBeNull();
  });

  it('refuses ids that are no tokens, by name, row and column, before anything runs', async () => {
    const net = sequential([
      layers.embedding({ inputDim: 4, outputDim: 2, inputShape: [2], name: 'words' }),
      layers.flatten(),
      layers.dense({ units: 1 }),
    ]);
    net.compile({ optimizer: 'sgd', loss: 'mse' });
    const before = await net.getWeights();
    const [x, y] = [
      [
        [0, 3],
        [1, 4],
      ],
      [1, 2],
    ];
    const told = "has the token id 4 at row 1, column 1, embedding 'words' takes 0 to 3";
    const good = [
      [0, 3],
      [1, 2],
    ];
    const runs: (() => PromiseLike<unknown>)[] = [
      () => net.predict(x),
      () => net.predictOnGpu(x),
      () => net.fit(x, y),
      () => net.fit(good, y, { validationData: { x, y } }),
      () => net.fit([{ x, y }]),
      () => net.evaluate(x, y),
      () => net.trainOnBatch(x, y),
    ];
    for (const run of runs) {
      const error = await rejection(run());
      expect(error.message).toContain(told);
      expect(error.values).toEqual({ row: 1, column: 1, value: 4, least: 0, most: 3 });
    }
    expect((await rejection(net.predict([[-1, 0]]))).message).toContain('the token id -1 at row 0, column 0');
    expect((await rejection(net.predict([[0.5, 0]]))).message).toContain('0.5');
    expect((await rejection(net.predict(Uint8Array.of(0, 9)))).message).toContain('the token id 9');
    expect(await net.getWeights()).toEqual(before);
    // Nothing looks at what lies on the device: the nearest row counts.
    const [clamped, last] = [
      net.apply(tensor(Int32Array.of(0, 99), { shape: [1, 2] })),
      net.apply(tensor(Int32Array.of(0, 3), { shape: [1, 2] })),
    ];
    expect(await clamped.array()).toEqual(await last.array());
    net.dispose();
  });

  it('is checked within models too, and where two layers share an input the smaller one counts', async () => {
    const ids = layers.input({ shape: [2], dtype: 'int32' });
    const inner = model({ inputs: ids, outputs: layers.embedding({ inputDim: 9, outputDim: 2 }).apply(ids) });
    const x = layers.input({ shape: [2], dtype: 'int32' });
    const small = layers.embedding({ inputDim: 3, outputDim: 2, name: 'small' });
    const net = model({ inputs: x, outputs: [inner.apply(x), small.apply(x)] });
    expect((await rejection(net.predict([[0, 3]]))).message).toContain("embedding 'small' takes 0 to 2");
    const whole = model({ inputs: x, outputs: inner.apply(x) });
    expect((await rejection(whole.predict([[0, 9]]))).message).toContain('takes 0 to 8');
    for (const one of [net, whole, inner]) one.dispose();
  });

  it('refuses what is no size', () => {
    expect(failure(() => layers.embedding({ inputDim: 0, outputDim: 2 })).message).toContain('inputDim is 0');
    expect(failure(() => layers.embedding({ inputDim: 4 } as never)).message).toContain(
      'outputDim is undefined',
    );
    const old = { inputDim: 4, outputDim: 2, inputLength: 3 };
    expect(failure(() => layers.embedding(old)).fix).toContain('inputShape: [length]');
  });
});
