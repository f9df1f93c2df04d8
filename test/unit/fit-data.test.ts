/** What `fit`, `evaluate` and `predict` take: every form of data, weights of examples, batches from iterables, several inputs and outputs. */

import { beforeAll, describe, expect, it } from 'vitest';
import { currentBackend, init, type NDArray, ops, tensor } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { type Model, model } from '../../src/nn/model.js';
import { CLASSES, compiled, examples, FEATURES, weightsOf } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const ROWS = 22;
const { x, y } = examples(ROWS);
/** Five batches an epoch, the last of 2. */
const options = { batchSize: 5 };

/** The weights of a fresh model after `train`. */
async function trained(train: (net: Model<NDArray>) => PromiseLike<unknown>): Promise<number[]> {
  const net = compiled();
  await train(net);
  return weightsOf(net);
}

describe('weights of examples', () => {
  const sampleWeight = Float32Array.from({ length: ROWS }, (_, row) => [0, 1, 2.5][row % 3] as number);

  it('multiply the losses, whose sum is divided by the size of the batch, as in Keras', async () => {
    const net = compiled();
    const { loss: [one] = [] } = (await net.fit(x, y, { batchSize: ROWS, sampleWeight })).history;
    const fresh = compiled();
    let sum = 0;
    for (let row = 0; row < ROWS; row++) {
      const single = await fresh.evaluate(
        x.subarray(row * FEATURES, (row + 1) * FEATURES),
        y.subarray(row, row + 1),
      );
      sum += (sampleWeight[row] as number) * (single.loss as number);
    }
    expect(one).toBeCloseTo(sum / ROWS, 5);
    expect((await fresh.evaluate(x, y, { sampleWeight, batchSize: 7 })).loss).toBeCloseTo(sum / ROWS, 5);
  });

  it('of 0 leave rows without any effect but on that division', async () => {
    const other = examples(ROWS, 99);
    const half = Float32Array.from({ length: ROWS }, (_, row) => (row % 2 === 0 ? 1 : 0));
    const mixed = { x: x.slice(), y: y.slice() };
    for (let row = 1; row < ROWS; row += 2) {
      mixed.x.set(other.x.subarray(row * FEATURES, (row + 1) * FEATURES), row * FEATURES);
      mixed.y[row] = other.y[row] as number;
    }
    const a = trained((net) => net.fit(x, y, { ...options, sampleWeight: half }));
    const b = trained((net) => net.fit(mixed.x, mixed.y, { ...options, sampleWeight: half }));
    expect(await a).toEqual(await b);
  });

  it('of 1 change nothing, and those of batches count too', async () => {
    const ones = new Float32Array(ROWS).fill(1);
    const plain = await trained((net) => net.fit(x, y, { ...options, shuffle: false }));
    expect(await trained((net) => net.fit(x, y, { ...options, shuffle: false, sampleWeight: ones }))).toEqual(
      plain,
    );
    const weighted = await trained((net) => net.fit(x, y, { batchSize: ROWS, shuffle: false, sampleWeight }));
    expect(await trained((net) => net.fit([{ x, y, sampleWeight }]))).toEqual(weighted);
    expect(await trained((net) => net.trainOnBatch(x, y, sampleWeight))).toEqual(weighted);
  });
});

describe('validation', () => {
  it('takes the last rows, or data of its own, and does not train on them', async () => {
    const kept = Math.floor(ROWS * (1 - 0.3));
    const [tx, ty] = [x.subarray(0, kept * FEATURES), y.subarray(0, kept)];
    const validationData = { x: x.subarray(kept * FEATURES), y: y.subarray(kept) };
    const split = compiled();
    const { history } = await split.fit(x, y, { ...options, epochs: 2, validationSplit: 0.3 });
    const apart = compiled();
    const other = await apart.fit(tx, ty, { ...options, epochs: 2, validationData });
    expect(other.history).toEqual(history);
    expect(await weightsOf(apart)).toEqual(await weightsOf(split));
    expect(await trained((net) => net.fit(tx, ty, { ...options, epochs: 2 }))).toEqual(
      await weightsOf(split),
    );
    const { loss, accuracy } = await split.evaluate(validationData.x, validationData.y, options);
    expect([history.val_loss?.[1], history.val_accuracy?.[1]]).toEqual([loss, accuracy]);
  });

  it('goes with an iterable of batches', async () => {
    const { history } = await compiled().fit([{ x, y }], { epochs: 2, validationData: { x, y } });
    expect(history.val_loss).toHaveLength(2);
  });
});

describe('forms of data', () => {
  const shaped = { data: x, shape: [ROWS, FEATURES] };
  const nested = Array.from({ length: ROWS }, (_, row) =>
    Array.from(x.subarray(row * FEATURES, (row + 1) * FEATURES)),
  );
  let expected: number[];
  beforeAll(async () => {
    expected = await trained((net) => net.fit(x, y, options));
  });

  it.each<[string, Parameters<Model['evaluate']>[0], Parameters<Model['evaluate']>[1]]>([
    ['arrays with a shape', shaped, { data: y, shape: [ROWS, 1] }],
    ['nested arrays', nested, Array.from(y)],
    ['doubles', Float64Array.from(x), Float64Array.from(y)],
    ['tensors', tensor(nested), tensor(y)],
    ['tensors of floats for labels', tensor(nested), tensor(Array.from(y))],
    ['computed tensors', ops.mul(tensor(nested), 1), ops.cast(tensor(y), 'uint32')],
    ['names', { input_1: x }, { logits: y }],
    ['labels in bytes', x, Uint8Array.from(y)],
    ['labels in unsigned integers', x, Uint32Array.from(y)],
  ])('%s', async (_, data, targets) => {
    expect(await trained((net) => net.fit(data, targets, options))).toEqual(expected);
  });

  it('bytes, converted on the device, train as floats do', async () => {
    const bytes = Uint8Array.from(x, (value) => Math.round(Math.abs(value) * 40));
    const asFloats = await trained((net) => net.fit(Float32Array.from(bytes), y, options));
    expect(await trained((net) => net.fit(bytes, y, options))).toEqual(asFloats);
    expect(
      await trained((net) => net.fit(Uint8ClampedArray.from(bytes) as unknown as Uint8Array, y, options)),
    ).toEqual(asFloats);
    const net = compiled();
    expect((await net.predict(bytes)).data).toEqual((await net.predict(Float32Array.from(bytes))).data);
    expect(await net.evaluate(bytes, y)).toEqual(await net.evaluate(Float32Array.from(bytes), y));
  });
});

describe('iterables of batches', () => {
  const batches = Array.from({ length: 5 }, (_, batch) => ({
    x: x.subarray(batch * 5 * FEATURES, (batch + 1) * 5 * FEATURES),
    y: y.subarray(batch * 5, (batch + 1) * 5),
  }));
  const inOrder = { ...options, shuffle: false };

  it('train as arrays in the same order do: lists, iterables, async ones', async () => {
    const expected = await trained((net) => net.fit(x, y, { ...inOrder, epochs: 2 }));
    async function* each(): AsyncGenerator<(typeof batches)[number]> {
      for (const batch of batches) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield batch;
      }
    }
    expect(await trained((net) => net.fit(batches, { epochs: 2 }))).toEqual(expected);
    expect(await trained((net) => net.fit(new Set(batches), { epochs: 2 }))).toEqual(expected);
    expect(await trained((net) => net.fit({ [Symbol.asyncIterator]: each }, { epochs: 2 }))).toEqual(
      expected,
    );
  });

  it('may be endless, with stepsPerEpoch', async () => {
    let given = 0;
    function* endless(): Generator<(typeof batches)[number]> {
      for (;;) yield batches[given++ % 5] as (typeof batches)[number];
    }
    const net = compiled();
    const { history } = await net.fit(endless(), { epochs: 3, stepsPerEpoch: 5 });
    expect(history.loss).toHaveLength(3);
    expect(given).toBe(15);
    expect(await weightsOf(net)).toEqual(
      await trained((other) => other.fit(x, y, { ...inOrder, epochs: 3 })),
    );
  });

  it('are not read far ahead', async () => {
    let given = 0;
    function* counted(): Generator<(typeof batches)[number]> {
      for (; given < 40; given++) yield batches[0] as (typeof batches)[number];
    }
    const ahead: number[] = [];
    let done = 0;
    const onBatchEnd = (): void => void ahead.push(given - done++);
    await compiled().fit(counted(), { callbacks: [{ onBatchEnd }] });
    expect(ahead).toHaveLength(40);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(4);
  });
});

describe('several inputs and outputs', () => {
  const make = (): Model<Record<string, NDArray>> => {
    const left = layers.input({ shape: [FEATURES], name: 'left' });
    const right = layers.input({ shape: [FEATURES], name: 'right' });
    const shared = layers.dense({ units: 4, activation: 'tanh', name: 'shared' });
    const classes = layers.dense({ units: CLASSES, name: 'classes' }).apply(shared.apply(left));
    const value = layers.dense({ units: 1, name: 'value' }).apply(shared.apply(right));
    const net = model({ inputs: [left, right], outputs: [classes, value], seed: 3 }) as Model<
      Record<string, NDArray>
    >;
    net.compile({
      optimizer: 'adam',
      loss: [losses.sparseCategoricalCrossentropy({ fromLogits: true }), losses.meanSquaredError()],
      metrics: ['accuracy'],
    });
    return net;
  };
  const reversed = Float32Array.from(x, (value) => -value);
  const sums = Float32Array.from({ length: ROWS }, (_, row) => (x[row * FEATURES] as number) * 2);

  it('are told by name, in any order', async () => {
    const net = make();
    const data = { right: reversed, left: x };
    const { history } = await net.fit(
      data,
      { value: sums, classes: y },
      { ...options, epochs: 3, validationSplit: 0.2 },
    );
    const logs = ['loss', 'classes_loss', 'value_loss', 'classes_accuracy', 'value_accuracy'];
    expect(Object.keys(history)).toEqual([...logs, ...logs.map((log) => `val_${log}`)]);
    expect(history.loss?.[2]).toBeLessThan(history.loss?.[0] as number);
    const { classes, value } = await net.predict(data);
    expect([classes?.shape, value?.shape]).toEqual([
      [ROWS, CLASSES],
      [ROWS, 1],
    ]);
    expect(Object.keys(await net.evaluate(data, { classes: y, value: sums }))).toEqual(logs);
  });

  it('the loss is the sum of those of the outputs', async () => {
    const net = make();
    const data = { left: x, right: reversed };
    const { value } = await net.predict(data);
    const squared =
      sums.reduce((sum, target, row) => sum + (target - ((value as NDArray).data[row] as number)) ** 2, 0) /
      ROWS;
    const { loss } = await net.evaluate(data, { classes: y, value: sums });
    const { loss: rest } = await net.evaluate(data, { classes: y, value: (value as NDArray).data });
    expect(loss).toBeCloseTo((rest as number) + squared, 5);
  });

  it('say which is missing or single', async () => {
    const net = make();
    await expect(net.fit({ left: x }, { classes: y, value: sums })).rejects.toMatchObject({
      op: 'fit',
      roles: ['x'],
      values: { names: ['left', 'right'] },
    });
    await expect(net.predict(x)).rejects.toMatchObject({
      op: 'predict',
      roles: ['x'],
      fix: expect.stringContaining('left'),
    });
    await expect(
      net.fit({ left: x, right: x.subarray(FEATURES) }, { classes: y, value: sums }),
    ).rejects.toMatchObject({
      roles: ['x.left', 'x.right'],
      values: { rows: [ROWS, ROWS - 1, ROWS, ROWS] },
    });
  });
});

describe('predict', () => {
  it.each([0, 1, 2, 7, 31, 32, 33])(
    '%i rows, in batches of any size, give the same numbers',
    async (rows) => {
      const net = compiled();
      const { x: data } = examples(40);
      const whole = await net.predict(data);
      const part = data.subarray(0, rows * FEATURES);
      for (const batchSize of [1, 3, 32, 100]) {
        const { data: numbers, shape } = await net.predict(part, { batchSize });
        expect(shape).toEqual([rows, CLASSES]);
        expect(numbers).toEqual(whole.data.subarray(0, rows * CLASSES));
      }
    },
  );

  it('an empty list is no rows', async () => {
    expect(await compiled().predict([])).toMatchObject({ shape: [0, CLASSES], dtype: 'float32' });
  });

  it('leaves numbers on the device', async () => {
    const net = compiled();
    const kept = await net.predictOnGpu(x);
    expect(kept.shape).toEqual([ROWS, CLASSES]);
    expect(await kept.data()).toEqual((await net.predict(x)).data);
    kept.dispose();
  });
});

describe('data that is larger than a binding', () => {
  /** The weights after two epochs on a device that binds at most `bytes`. */
  async function limitedTo(bytes: number): Promise<number[]> {
    const backend = await currentBackend();
    const { capabilities } = backend;
    const small = { ...capabilities, maxStorageBufferBindingSize: bytes };
    Object.defineProperty(backend, 'capabilities', { value: small, configurable: true });
    try {
      return await trained(async (net) => {
        await net.fit(x, y, { ...options, epochs: 2, validationSplit: 0.1 });
        await net.evaluate(x, y, { batchSize: 7 });
      });
    } finally {
      Object.defineProperty(backend, 'capabilities', { value: capabilities, configurable: true });
    }
  }

  it('is cut into shards, or fed batch by batch, and trains to the same bits', async () => {
    const whole = await limitedTo(2 ** 20);
    const row = FEATURES * 4;
    expect(await limitedTo(8 * row)).toEqual(whole);
    expect(await limitedTo(4 * row)).toEqual(whole);
  });

  it('is refused where one example is', async () => {
    await expect(limitedTo(8)).rejects.toMatchObject({
      op: 'fit',
      roles: ['x'],
      values: { rowBytes: 16, limit: 8 },
    });
  });
});
