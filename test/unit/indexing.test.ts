/** Gather, its gradient and one-hot rows by hand-computed numbers; their errors; which kernel comes first. */

import { describe, expect, test } from 'vitest';
import type { HeddleError } from '../../src/core/errors.js';
import type { Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import { gather, gatherGradient } from '../../src/ops/indexing/gather.js';
import { oneHot } from '../../src/ops/indexing/one-hot.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { kernelKeys, kernelsOf } from '../kit/kernel-keys.js';

const floats = (shape: readonly number[], ...values: number[]): Value =>
  constant(Float32Array.from(values), shape, 'float32');
const zeros = (...shape: number[]): Value =>
  floats(shape, ...new Array(shape.reduce((a, b) => a * b, 1)).fill(0));
const indices = (...values: number[]): Value => constant(Int32Array.from(values), [values.length], 'int32');
const numbers = (value: Value): number[] => [...(evaluateValues([value], new Map())[0]?.data ?? [])];

describe('numbers', () => {
  const table = floats([3, 2], 10, 11, 20, 21, 30, 31);
  test('rows, those outside clamped', () => {
    expect(numbers(gather(table, indices(2, 0, -1, 7)))).toEqual([30, 31, 10, 11, 10, 11, 30, 31]);
  });
  test('columns', () => {
    const y = gather(table, indices(1, 1, 0), { axis: -1 });
    expect(y.shape).toEqual([3, 3]);
    expect(numbers(y)).toEqual([11, 11, 10, 21, 21, 20, 31, 31, 30]);
  });
  test('the gradient adds up rows that were taken twice', () => {
    const dy = floats([3, 2], 1, 2, 3, 4, 5, 6);
    expect(numbers(gatherGradient(dy, indices(2, 0, 2), { rows: 4 }))).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
  });
  test('one-hot rows, an index outside gives none', () => {
    expect(numbers(oneHot(indices(1, 3, -1), { depth: 3 }))).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(numbers(oneHot(indices(0), { depth: 2, onValue: 5, offValue: -1 }))).toEqual([5, -1]);
  });
});

test.each([
  ['gather', ['x', 'indices'], () => gather(zeros(3, 2), zeros(2))],
  ['gather', ['x', 'indices'], () => gather(zeros(0, 2), indices(0))],
  ['gather', ['axis'], () => gather(zeros(3), indices(0), { axis: 1 })],
  [
    'gatherGradient',
    ['dy', 'indices', 'rows'],
    () => gatherGradient(zeros(3, 2), indices(0, 1), { rows: 3 }),
  ],
  ['oneHot', ['indices', 'depth'], () => oneHot(zeros(3), { depth: 3 })],
  ['oneHot', ['indices', 'depth'], () => oneHot(indices(0), { depth: 0 })],
] as const)('%s refuses and names %j', (op, roles, act) => {
  let error: Partial<HeddleError> = {};
  try {
    act();
  } catch (thrown) {
    error = thrown as HeddleError;
  }
  expect(error).toMatchObject({ name: 'HeddleError', op, roles });
});

describe('kernels', () => {
  test.each<[string, (batch: number) => Value]>([
    ['gather of a batch of indices', (batch) => gather(zeros(5, 3), indices(...new Array(batch).fill(1)))],
    ['gather in each of a batch', (batch) => gather(zeros(batch, 5), indices(1, 2), { axis: 1 })],
    [
      'gatherGradient',
      (batch) => gatherGradient(zeros(batch, 3), indices(...new Array(batch).fill(1)), { rows: 5 }),
    ],
    ['oneHot', (batch) => oneHot(indices(...new Array(batch).fill(1)), { depth: 10 })],
  ])('%s: the same for any batch', (_, build) => {
    const keys = kernelKeys(build(32));
    for (const batch of [1, 3, 4, 70]) expect(kernelKeys(build(batch))).toEqual(keys);
  });
  test('small tables scan their indices, large ones sort them', () => {
    const first = (rows: number): string | undefined =>
      kernelsOf(gatherGradient(zeros(4, 16), indices(1, 2, 3, 4), { rows }))[0]?.candidate;
    expect(first(100)).toBe('gather_gradient_scan');
    expect(first(10_000)).toBe('gather_gradient_sorted');
  });
});
