/** The ops around forward and backward pass, against numbers worked out here in double precision. */

import { describe, expect, test } from 'vitest';
import type { DType, HostArray } from '../../src/core/dtype.js';
import { hostArray } from '../../src/core/dtype.js';
import { HeddleError } from '../../src/core/errors.js';
import type { Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { memberRange } from '../../src/kernels/member-range.js';
import {
  adamUpdate,
  CONTROL_ORDER,
  nextBatch,
  sgdUpdate,
  TAIL_STATE,
  trainingTail,
} from '../../src/ops/training/index.js';
import { named } from '../../src/ops/training/named.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { kernelKeys, kernelsOf } from '../kit/kernel-keys.js';

/** float64 behind float32 values, so that the reference runs in double precision. */
function tensor(shape: readonly number[], values: readonly number[], dtype: DType = 'float32'): Value {
  const data = hostArray(dtype, values.length, true);
  data.set(values);
  return constant(data, shape, dtype);
}
const word = (value: number): Value => tensor([], [value], 'uint32');
const evaluate = (values: readonly Value[]): HostArray[] =>
  evaluateValues(values, new Map(), { precision: 'float64' }).map(({ data }) => data);
const numbers = (value: Value): number[] => [...(evaluate([value])[0] ?? [])];

describe('adam', () => {
  const gradients = [
    [0.5, -2, 1e-9],
    [0.25, 3, 0],
    [-1, 0.125, 4],
  ];

  /** Three steps by the textbook, one element at a time. */
  function textbook(p: number, series: readonly number[], decay: number): number {
    const [rate, beta1, beta2, epsilon] = [0.1, 0.9, 0.999, 1e-7];
    let [m, v] = [0, 0];
    series.forEach((g, index) => {
      const t = index + 1;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g ** 2;
      p -= rate * decay * p;
      p -= (rate * Math.sqrt(1 - beta2 ** t) * m) / (1 - beta1 ** t) / (Math.sqrt(v) + epsilon);
    });
    return p;
  }

  test.each([0, 0.04])('three steps with weight decay %d', (weightDecay) => {
    const start = [1, -2, 3];
    let [params, m, v] = [start, [0, 0, 0], [0, 0, 0]];
    gradients.forEach((g, index) => {
      const results = adamUpdate({
        params: [tensor([3], params)],
        grads: [tensor([3], g)],
        m: [tensor([3], m)],
        v: [tensor([3], v)],
        learningRate: tensor([], [0.1]),
        step: word(index + 1),
        apply: word(1),
        fault: word(0),
        weightDecay,
      });
      [params, m, v] = [...results.params, ...results.m, ...results.v].map(numbers) as [
        number[],
        number[],
        number[],
      ];
      expect(numbers(results.fault)).toEqual([0]);
    });
    start.forEach((p, i) => {
      const series = gradients.map((g) => g[i] as number);
      expect(params[i]).toBeCloseTo(textbook(p, series, weightDecay), 12);
    });
  });

  const update = (gradient: number, applies: number) =>
    adamUpdate({
      params: [tensor([2], [1, 2])],
      grads: [tensor([2], [gradient, 1])],
      m: [tensor([2], [0.5, 0.5])],
      v: [tensor([2], [0.25, 0.25])],
      learningRate: tensor([], [0.1]),
      step: word(4),
      apply: word(applies),
      fault: word(0),
    });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e30])(
    'a gradient of %d keeps its element and raises the fault',
    (gradient) => {
      const { params, m, v, fault, step } = update(gradient, 1);
      const [p, first, second] = evaluate([...params, ...m, ...v]);
      expect([p?.[0], first?.[0], second?.[0]]).toEqual([1, 0.5, 0.25]);
      expect(p?.[1]).toBeLessThan(2);
      expect(numbers(fault)).toEqual([1]);
      expect(numbers(step)).toEqual([4]);
    },
  );
  test('nothing changes where apply is 0', () => {
    const { params, m, v, fault } = update(Number.NaN, 0);
    const after = evaluate([...params, ...m, ...v, fault]).map((data) => [...data]);
    expect(after).toEqual([[1, 2], [0.5, 0.5], [0.25, 0.25], [0]]);
  });
  test('a step that begins here is counted, applies and forgets a fault', () => {
    const at = { m: [tensor([1], [0])], v: [tensor([1], [0])], learningRate: tensor([], [0.1]) };
    const one = { params: [tensor([1], [2])], grads: [tensor([1], [3])], ...at };
    const begun = adamUpdate({ ...one, step: word(6), apply: word(0), fault: word(1), begins: true });
    const told = adamUpdate({ ...one, step: word(7), apply: word(1), fault: word(0) });
    expect([begun.step, begun.apply, begun.fault].map(numbers)).toEqual([[7], [1], [0]]);
    expect(begun.params.map(numbers)).toEqual(told.params.map(numbers));
  });
  test('shapes that differ are refused', () => {
    const one = [tensor([2], [1, 2])];
    const scalars = { learningRate: tensor([], [1]), step: word(1), apply: word(1), fault: word(0) };
    expect(() => adamUpdate({ params: one, grads: [tensor([1], [1])], m: one, v: one, ...scalars })).toThrow(
      HeddleError,
    );
    expect(() =>
      adamUpdate({ params: one, grads: one, m: one, v: one, ...scalars, step: tensor([], [1]) }),
    ).toThrow(/step has the wrong type/);
  });
});

describe('sgd', () => {
  const step = (params: number[], velocity: number[], momentum: number, nesterov: boolean) =>
    sgdUpdate({
      params: [tensor([2], params)],
      grads: [tensor([2], [1, -2])],
      velocities: momentum === 0 ? [] : [tensor([2], velocity)],
      learningRate: tensor([], [0.5]),
      step: word(1),
      apply: word(1),
      fault: word(0),
      momentum,
      nesterov,
    });
  test('plain', () => {
    expect(numbers(step([1, 1], [], 0, false).params[0] as Value)).toEqual([0.5, 2]);
  });
  test('momentum', () => {
    const { params, velocities } = step([1, 1], [1, 1], 0.5, false);
    expect(evaluate([...params, ...velocities]).map((data) => [...data])).toEqual([
      [1, 2.5],
      [0, 1.5],
    ]);
  });
  test('nesterov', () => {
    const { params } = step([1, 1], [1, 1], 0.5, true);
    expect(numbers(params[0] as Value)).toEqual([0.5, 2.75]);
  });
});

describe('members of a range', () => {
  test('lie at multiples of 64 words', () => {
    const { words, params, values } = memberRange([10, 64, 65, 1]);
    expect(words).toBe(64 + 64 + 128 + 64);
    expect(Object.fromEntries(params.map(({ name }, index) => [name, values[index]]))).toEqual({
      end_0: 10,
      start_1: 64,
      end_1: 128,
      start_2: 128,
      end_2: 193,
      start_3: 256,
      end_3: 257,
    });
  });
});

describe('trainingTail', () => {
  interface Control {
    readonly cursor: number;
    readonly halted: number;
    readonly step: number;
    readonly apply: number;
    readonly fault: number;
  }
  const healthy: Control = { cursor: 6, halted: 0, step: 4, apply: 1, fault: 0 };

  /** After one step on three examples with one metric and a ring of three rows. */
  function stepped(losses: number[], control: Control) {
    const state = named(TAIL_STATE, [
      tensor([3, 2], [1, 2, 3, 4, 5, 6]),
      tensor([2], [10, 20]),
      ...CONTROL_ORDER.map((name) => word(control[name])),
    ]);
    const result = trainingTail({ losses: tensor([3], losses), metrics: [tensor([3], [1, 0, 1])], ...state });
    const [ring = [], totals = [], ...rest] = evaluate(TAIL_STATE.map((name) => result[name])).map((data) => [
      ...data,
    ]);
    return { ring, totals, control: named(CONTROL_ORDER, rest.flat()) };
  }

  test('a healthy step', () => {
    expect(stepped([1, 2, 9], healthy)).toEqual({
      ring: [1, 2, 4, 2 / 3, 5, 6],
      totals: [22, 22],
      control: { cursor: 9, halted: 0, step: 5, apply: 1, fault: 0 },
    });
  });
  test.each([Number.NaN, Number.NEGATIVE_INFINITY])('a loss of %d halts, and stands in the ring', (loss) => {
    expect(stepped([1, loss, 6], healthy)).toEqual({
      ring: [1, 2, loss, 4, 5, 6],
      totals: [10, 20],
      control: { ...healthy, halted: 5, apply: 0 },
    });
  });
  test('losses whose sum overflows halt', () => {
    const { ring, control } = stepped([3e38, 3e38, 0], healthy);
    expect(ring[2]).toBe(Number.POSITIVE_INFINITY);
    expect(control).toEqual({ ...healthy, halted: 5, apply: 0 });
  });
  test('a fault halts, and the ring says that there is no loss', () => {
    expect(stepped([1, 2, 6], { ...healthy, fault: 1 })).toEqual({
      ring: [1, 2, Number.NaN, 4, 5, 6],
      totals: [10, 20],
      control: { ...healthy, fault: 1, halted: 5, apply: 0 },
    });
  });
  test('halted stays halted', () => {
    const control = { ...healthy, halted: 2, apply: 0 };
    expect(stepped([1, 2, 6], control)).toEqual({ ring: [1, 2, 3, 4, 5, 6], totals: [10, 20], control });
  });
});

describe('nextBatch', () => {
  const order = tensor([7], [6, 2, 4, 0, 5, 1, 3], 'int32');
  /** Row r holds 10r … 10r + 4. */
  const bytes = (first: number, rows: number): Value => {
    const values = Array.from({ length: rows * 5 }, (_, i) => 10 * (first + Math.floor(i / 5)) + (i % 5));
    return tensor([rows, 5], values, 'uint8');
  };

  test('rows of five bytes in two shards, labels beside them', () => {
    const [images, labels] = nextBatch({
      cursor: word(1),
      order,
      batchSize: 3,
      columns: [
        { shards: [bytes(0, 4), bytes(4, 3)] },
        { shards: [tensor([7], [0, 1, 2, 3, 4, 5, 6], 'int32')] },
      ],
    });
    expect(images).toMatchObject({ shape: [3, 5], dtype: 'float32' });
    expect(numbers(images as Value)).toEqual([20, 21, 22, 23, 24, 40, 41, 42, 43, 44, 0, 1, 2, 3, 4]);
    expect(labels).toMatchObject({ shape: [3], dtype: 'int32' });
    expect(numbers(labels as Value)).toEqual([2, 4, 0]);
  });
  test('one dispatch where bindings allow, one per column and five shards otherwise', () => {
    const batchOf = (shards: number): Value =>
      nextBatch({
        cursor: word(0),
        order,
        batchSize: 2,
        columns: [
          { shards: Array.from({ length: shards }, () => bytes(0, 1)) },
          { shards: [tensor([1], [0])] },
        ],
      })[0] as Value;
    const dispatches = (shards: number): number[] =>
      kernelsOf(batchOf(shards)).map(({ kernels }) => kernels.length);
    expect(dispatches(3)).toEqual([1]);
    expect(dispatches(4)).toEqual([2]);
    expect(dispatches(11)).toEqual([4]);
    const bindings = kernelsOf(batchOf(11)).flatMap(({ kernels }) =>
      kernels.map((kernel) => kernel.bindings.length),
    );
    expect(Math.max(...bindings)).toBe(DEFAULT_CAPABILITIES.maxStorageBuffersPerShaderStage);
  });
  test('shards of uneven rows and other conversions are refused', () => {
    const take = (shards: Value[], dtype?: DType) => () =>
      nextBatch({ cursor: word(0), order, batchSize: 2, columns: [dtype ? { shards, dtype } : { shards }] });
    expect(take([bytes(0, 2), bytes(2, 3)])).toThrow(/not made up by 2 shards/);
    expect(take([tensor([2], [1, 2])], 'int32')).toThrow(/stored as float32/);
    expect(take([bytes(0, 2)], 'bool')).toThrow(HeddleError);
  });
});

describe('a new batch size takes the same kernels', () => {
  const zeros = (...shape: number[]): Value =>
    tensor(shape, new Array(shape.reduce((a, b) => a * b, 1)).fill(0));
  test.each<[string, (batch: number) => Value]>([
    [
      'nextBatch',
      (batchSize) =>
        nextBatch({
          cursor: word(0),
          order: tensor([1], [0], 'int32'),
          batchSize,
          columns: [{ shards: [tensor([1, 5], [1, 2, 3, 4, 5], 'uint8')] }, { shards: [zeros(1)] }],
        })[0] as Value,
    ],
    [
      'trainingTail',
      (batch) => {
        const state = named(TAIL_STATE, [zeros(4, 1), zeros(1), ...CONTROL_ORDER.map(() => word(0))]);
        return trainingTail({ losses: zeros(batch), metrics: [], ...state }).ring;
      },
    ],
  ])('%s', (_, build) => {
    const keys = kernelKeys(build(32));
    expect(keys.length).toBeGreaterThan(0);
    for (const batch of [1, 3, 70]) expect(kernelKeys(build(batch))).toEqual(keys);
  });
});
