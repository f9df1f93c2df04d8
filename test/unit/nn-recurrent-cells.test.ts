/** Cells of the user's own: checked as layers are, unrolled, with everything that the layers around cells do. */

import { beforeAll, describe, expect, it } from 'vitest';
import { gradCheck, init, ops, type Tensor, tensor, type Variable } from '../../src/engine/index.js';
import { load, save } from '../../src/nn/file.js';
import * as layers from '../../src/nn/layers/index.js';
import { type Cell, defineCell } from '../../src/nn/layers/recurrent/cell.js';
import { type Model, model, sequential } from '../../src/nn/model.js';
import type { Network } from '../../src/nn/network.js';
import { failure } from '../kit/failure.js';
import { distance, flatOutputs, nestedNumbers, numbers, sequenceNet } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const [BATCH, STEPS, FEATURES, UNITS] = [2, 4, 3, 2];

/** h' = tanh(x·kernel + h·recurrentKernel): `simpleRNN` without a bias. */
const plain = defineCell<{ units: number }, { kernel: Variable; recurrentKernel: Variable }>({
  type: 'plain',
  options: ['units'],
  create: ({ units }) => ({
    stateSize: units,
    build: (weights, [, features]) => ({
      kernel: weights.add('kernel', [features ?? 0, units], 'glorotUniform'),
      recurrentKernel: weights.add('recurrentKernel', [units, units], 'orthogonal'),
    }),
    call(x, [h], { kernel, recurrentKernel }) {
      const next = ops.tanh(ops.add(ops.matmul(x, kernel), ops.matmul(h as Tensor, recurrentKernel)));
      return { output: next, states: [next] };
    },
  }),
});

/** Two states and an output of another size: [a + mean of x, b·x | a]. */
const odd = defineCell<{ decay: number }>({
  type: 'odd',
  options: ['decay'],
  create: ({ decay }) => ({
    stateSize: [1, FEATURES],
    outputSize: FEATURES + 1,
    call(x, [a, b]) {
      const sum = ops.add(ops.mul(a as Tensor, decay), ops.mean(x, { axis: 1, keepDims: true }));
      const mixed = ops.tanh(ops.add(b as Tensor, x));
      return { output: ops.concat([ops.mul(mixed, x), sum], { axis: 1 }), states: [sum, mixed] };
    },
  }),
});

const x = tensor(numbers([BATCH, STEPS, FEATURES]), { shape: [BATCH, STEPS, FEATURES] });

describe('a cell of its own', () => {
  it.each([
    { returnSequences: true },
    { returnSequences: true, goBackwards: true },
    { goBackwards: true },
    { returnState: true },
  ])('is simpleRNN, where it computes the same: %o', async (options) => {
    const net = sequenceNet(layers.rnn({ cell: plain({ units: UNITS }), ...options }));
    const same = sequenceNet(layers.simpleRNN({ units: UNITS, useBias: false, ...options }));
    expect(net.weights.map(({ name }) => name)).toEqual(['rnn_1/kernel', 'rnn_1/recurrentKernel']);
    expect(distance(await flatOutputs(net, [x]).data(), await flatOutputs(same, [x]).data())).toBeLessThan(
      1e-6,
    );
  });

  it('runs in both directions with weights for each', async () => {
    const layer = layers.rnn({ cell: plain({ units: UNITS }), returnSequences: true });
    const net = sequenceNet(layers.bidirectional({ layer, name: 'both' }));
    expect(net.weights.map(({ name }) => name)).toEqual([
      'both/forwardKernel',
      'both/forwardRecurrentKernel',
      'both/backwardKernel',
      'both/backwardRecurrentKernel',
    ]);
    const inner = layers.simpleRNN({ units: UNITS, returnSequences: true, useBias: false });
    const same = sequenceNet(layers.bidirectional({ layer: inner }));
    const [kernel, recurrentKernel, ...back] = (await net.getWeights()).map((value) => value.data);
    const sideBySide = (a: ArrayLike<number> = [], b: ArrayLike<number> = []): Float32Array<ArrayBuffer> =>
      Float32Array.from({ length: 2 * a.length }, (_, i) => {
        const [row, column] = [Math.floor(i / (2 * UNITS)), i % (2 * UNITS)];
        const from = column < UNITS ? a : b;
        return from[row * UNITS + (column % UNITS)] ?? 0;
      });
    same.setWeights([sideBySide(kernel, back[0]), sideBySide(recurrentKernel, back[1])]);
    expect(distance(await flatOutputs(net, [x]).data(), await flatOutputs(same, [x]).data())).toBeLessThan(
      1e-6,
    );
  });

  it('may have several states and another size of output; slopes are right, masked too', async () => {
    const layer = layers.rnn({ cell: odd({ decay: 0.5 }), returnSequences: true, returnState: true });
    const net = sequenceNet(layer, { states: [1, FEATURES], mask: true });
    expect(net.outputs.map(({ shape }) => shape)).toEqual([
      [null, STEPS, FEATURES + 1],
      [null, 1],
      [null, FEATURES],
    ]);
    const mask = tensor([
      [0, 1, 1, 0],
      [1, 0, 0, 1],
    ]);
    const inputs = [
      [BATCH, STEPS, FEATURES],
      [BATCH, 1],
      [BATCH, FEATURES],
    ].map((shape, i) => nestedNumbers(shape, i));
    const report = await gradCheck((...given) => flatOutputs(net, [...given, mask]), inputs);
    expect(report.failures).toEqual([]);
    const y = (await net
      .apply([...inputs.map((one) => tensor(one as number[])), mask])[0]
      ?.array()) as number[][][];
    expect(y[0]?.[0]).toEqual([0, 0, 0, 0]);
    expect(y[0]?.[3]).toEqual(y[0]?.[2]);
    expect(y[1]?.[2]).toEqual(y[1]?.[0]);
  });

  it('may read ids', async () => {
    const reading = defineCell<object, Variable>({
      type: 'reading',
      options: [],
      create: () => ({
        stateSize: UNITS,
        build: (weights) => weights.add('table', [5, UNITS], 'glorotUniform'),
        call(now, [h], table) {
          const next = ops.add(
            h as Tensor,
            ops.gather(table, ops.reshape(now, [now.shape[0] ?? 0]), { axis: 0 }),
          );
          return { output: next, states: [next] };
        },
      }),
    });
    const ids = layers.input({ shape: [STEPS, 1], dtype: 'int32' });
    const net = model({ inputs: ids, outputs: layers.rnn({ cell: reading() }).apply(ids), seed: 1 });
    const y = (await net.predict({ data: Int32Array.of(2, 2, 2, 2), shape: [1, STEPS, 1] })).data;
    const table = (await net.getWeights())[0]?.data ?? [];
    for (const unit of [0, 1]) expect(y[unit]).toBeCloseTo(4 * (table[2 * UNITS + unit] ?? 0), 6);
    net.dispose();
  });

  it('makes weights alone: it has no way to change a state that lasts', () => {
    const builders: string[][] = [];
    const seen = defineCell<object, Variable>({
      type: 'seen',
      options: [],
      create: () => ({
        stateSize: FEATURES,
        build(weights) {
          builders.push(Object.keys(weights));
          return weights.add('scale', [FEATURES], 'ones');
        },
        call: (now, [h], scale) => {
          const next = ops.add(h as Tensor, ops.mul(now, scale));
          return { output: next, states: [next] };
        },
      }),
    });
    expect(sequenceNet(layers.rnn({ cell: seen() })).weights.map(({ name }) => name)).toEqual([
      'rnn_1/scale',
    ]);
    const both = sequenceNet(layers.bidirectional({ layer: layers.rnn({ cell: seen() }), name: 'both' }));
    expect(both.weights.map(({ name }) => name)).toEqual(['both/forwardScale', 'both/backwardScale']);
    expect(builders).toEqual([['add'], ['add'], ['add']]);
  });

  it('takes sequences of any length, each a program of its own', () => {
    const net = sequenceNet(layers.rnn({ cell: plain({ units: UNITS }) }), { shape: [null, FEATURES] });
    for (const steps of [1, 3]) {
      expect(
        net.apply([tensor(numbers([2, steps, FEATURES]), { shape: [2, steps, FEATURES] })])[0]?.shape,
      ).toEqual([2, UNITS]);
    }
  });

  it('trains', async () => {
    const net = sequential(
      [layers.rnn({ cell: plain({ units: 4 }), inputShape: [STEPS, 1] }), layers.dense({ units: 1 })],
      {
        seed: 1,
      },
    );
    net.compile({ optimizer: 'adam', loss: 'mse' });
    const data = numbers([32, STEPS, 1]);
    const y = Float32Array.from({ length: 32 }, (_, row) => data[row * STEPS] ?? 0);
    const { history } = await net.fit(
      { data, shape: [32, STEPS, 1] },
      { data: y, shape: [32, 1] },
      { epochs: 40 },
    );
    expect(history.loss?.at(-1)).toBeLessThan(0.9 * (history.loss?.[0] ?? 0));
    net.dispose();
  });
});

describe('files', () => {
  const build = (): Model =>
    sequential(
      [
        layers.rnn({ cell: plain({ units: 3 }), returnSequences: true, inputShape: [STEPS, FEATURES] }),
        layers.bidirectional({ layer: layers.rnn({ cell: plain({ units: 2 }) }) }),
      ],
      { seed: 4 },
    );

  it('name the cell and its options; load() is told its kind', async () => {
    const net = build();
    const bytes = await save(net);
    const copy = (await load(bytes, { layers: { plain } })) as Model;
    const data = { data: numbers([2, STEPS, FEATURES]), shape: [2, STEPS, FEATURES] };
    expect(await copy.predict(data)).toEqual(await net.predict(data));
    expect(copy.config.layers).toEqual(net.config.layers);
    await expect(load(bytes)).rejects.toThrow(/cell 'plain' is not known.*\{ layers: \{ plain \} \}/s);
    for (const one of [net, copy]) one.dispose();
  });
});

describe('refused, by name', () => {
  const wild = <T>(value: unknown): T => value as T;
  const made = (cell: unknown): Network => sequenceNet(layers.rnn({ cell: wild<Cell>(cell), name: 'r' }));

  it('unknown options of a cell, with the nearest one', () => {
    const error = failure(() => plain(wild({ unit: 3 })));
    expect([error.op, error.fix]).toEqual(['plain', expect.stringContaining('units')]);
  });

  it.each([undefined, null, 3, layers.lstm({ units: 2 }), plain])('%o as a cell', (cell) => {
    const error = failure(() => made(cell));
    expect(error.op).toBe("rnn 'r'");
    expect(error.fix).toContain('defineCell');
  });

  it.each([[0], [1.5], [[]], [[2, 0]], ['two']])('a stateSize of %o', (stateSize) => {
    const cell = defineCell<object>({
      type: 'bad',
      options: [],
      create: () => ({ stateSize: wild(stateSize), call: (x) => ({ output: x, states: [x] }) }),
    });
    expect(failure(() => made(cell())).roles).toContain('stateSize');
  });

  it('a cell that gives other shapes than it says, or no float32', () => {
    const cell = defineCell<{ give: 'wide' | 'few' | 'nothing' | 'ints' }>({
      type: 'bad',
      options: ['give'],
      create: ({ give }) => ({
        stateSize: 2,
        call: (x, [h]) => {
          if (give === 'nothing') return wild(undefined);
          if (give === 'ints') return { output: h as Tensor, states: [ops.cast(h as Tensor, 'int32')] };
          return { output: give === 'wide' ? x : (h as Tensor), states: give === 'few' ? [] : [h as Tensor] };
        },
      }),
    });
    for (const [give, told] of [
      ['wide', '[2,3], [2,2]'],
      ['few', '[2,2]'],
      ['nothing', 'nothing'],
      ['ints', '[2,2], int32 [2,2]'],
    ] as const) {
      const error = failure(() => made(cell({ give })).apply([x]));
      expect(error.op).toBe("rnn 'r'");
      expect(error.message).toContain(`gives output and states ${told}; [2,2], [2,2] is expected`);
    }
  });
});
