/** Movement ops by hand-computed numbers, their errors, and kernels that do not depend on the batch. */

import { describe, expect, test } from 'vitest';
import type { HostArray } from '../../src/core/dtype.js';
import type { HeddleError } from '../../src/core/errors.js';
import { sizeOf } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import { concat, split, stack } from '../../src/ops/movement/concat.js';
import { pad, slice } from '../../src/ops/movement/slice.js';
import { transpose } from '../../src/ops/movement/transpose.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { kernelKeys } from '../kit/kernel-keys.js';

const range = (shape: readonly number[]): Value =>
  constant(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
    shape,
    'float32',
  );
const run = (...values: Value[]): HostArray[] => evaluateValues(values, new Map()).map(({ data }) => data);
const numbers = (value: Value): number[] => [...(run(value)[0] ?? [])];

function errorOf(act: () => unknown): Partial<HeddleError> {
  try {
    act();
  } catch (error) {
    return error as HeddleError;
  }
  return {};
}

describe('numbers', () => {
  test('transpose reverses the axes by default', () => {
    const y = transpose(range([2, 3]));
    expect(y.shape).toEqual([3, 2]);
    expect(numbers(y)).toEqual([0, 3, 1, 4, 2, 5]);
  });
  test('transpose by perm', () => {
    const y = transpose(range([2, 1, 3]), { perm: [-1, 0, 1] });
    expect(y.shape).toEqual([3, 2, 1]);
    expect(numbers(y)).toEqual([0, 3, 1, 4, 2, 5]);
  });
  test('slice, with -1 to the end', () => {
    expect(numbers(slice(range([3, 4]), { begin: [1, 1], size: [-1, 2] }))).toEqual([5, 6, 9, 10]);
  });
  test('pad', () => {
    const paddings = [
      [1, 0],
      [0, 2],
    ] as const;
    expect(numbers(pad(range([2, 2]), { paddings, value: 9 }))).toEqual([9, 9, 9, 9, 0, 1, 9, 9, 2, 3, 9, 9]);
  });
  test('concat, stack and split', () => {
    const [a, b] = [range([2, 2]), range([2, 1])];
    expect(numbers(concat([a, b], { axis: -1 }))).toEqual([0, 1, 0, 2, 3, 1]);
    expect(numbers(stack([a, a], { axis: -1 }))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(run(...split(range([6]), { sizes: [1, 3, 2] })).map((data) => [...data])).toEqual([
      [0],
      [1, 2, 3],
      [4, 5],
    ]);
  });
  test('what changes nothing records nothing', () => {
    const x = range([2, 3]);
    expect(transpose(x, { perm: [0, 1] })).toBe(x);
    expect(slice(x)).toBe(x);
    expect(
      pad(x, {
        paddings: [
          [0, 0],
          [0, 0],
        ],
      }),
    ).toBe(x);
    expect(concat([x])).toBe(x);
  });
});

describe('errors name the roles', () => {
  const x = range([2, 3]);
  const bytes = constant(new Uint8Array(4), [4], 'uint8');
  test.each([
    ['transpose', ['x', 'perm'], () => transpose(x, { perm: [0, 0] })],
    ['transpose', ['axis'], () => transpose(x, { perm: [0, 2] })],
    ['slice', ['x', 'begin', 'size'], () => slice(x, { begin: [0, 2], size: [2, 2] })],
    ['slice', ['x', 'begin'], () => slice(x, { begin: [0] })],
    ['slice', ['x'], () => slice(bytes, { begin: [1] })],
    ['pad', ['x', 'paddings'], () => pad(x, { paddings: [[0, 0]] })],
    [
      'pad',
      ['x', 'paddings'],
      () =>
        pad(x, {
          paddings: [
            [0, 0],
            [-1, 0],
          ],
        }),
    ],
    ['concat', ['values'], () => concat([])],
    ['concat', ['values[0]', 'values[1]'], () => concat([x, range([2, 4])])],
    ['stack', ['values[0]', 'values[1]'], () => stack([x, range([3, 2])])],
    ['split', ['x', 'sizes'], () => split(x, { sizes: 2, axis: 1 })],
    ['split', ['option'], () => split(x, { sizes: 1, axes: 1 } as never)],
  ] as const)('%s: %j', (op, roles, act) => {
    const error = errorOf(act);
    expect(error).toMatchObject({ name: 'HeddleError', op, roles });
    expect(error.fix).not.toBe('');
  });
});

describe('a new batch size takes the same kernels', () => {
  test.each<[string, (batch: number) => Value]>([
    ['transpose', (batch) => transpose(range([batch, 3, 4]), { perm: [0, 2, 1] })],
    ['transpose, batch inside', (batch) => transpose(range([batch, 3, 4]), { perm: [1, 0, 2] })],
    ['slice of columns', (batch) => slice(range([batch, 8]), { begin: [0, 4] })],
    ['slice of rows', (batch) => slice(range([batch + 1, 3]), { begin: [1, 0] })],
    ['slice of a vector', (batch) => slice(range([batch + 1]), { begin: [1] })],
    [
      'pad',
      (batch) =>
        pad(range([batch, 5]), {
          paddings: [
            [0, 0],
            [1, 0],
          ],
        }),
    ],
    ['pad rows', (batch) => pad(range([batch]), { paddings: [[0, 4]] })],
    ['concat', (batch) => concat([range([batch, 3]), range([batch, 5])], { axis: 1 })],
    ['concat rows', (batch) => concat([range([batch, 3]), range([4, 3])])],
  ])('%s', (_, build) => {
    const keys = kernelKeys(build(32));
    expect(keys.length).toBeGreaterThan(0);
    for (const batch of [1, 2, 3, 4, 70]) expect(kernelKeys(build(batch))).toEqual(keys);
  });
});
