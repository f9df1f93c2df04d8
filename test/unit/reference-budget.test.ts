/** Budgets: wide enough for honest float32, too narrow for a fault of one budget, carried through what is fused. */

import { expect, test } from 'vitest';
import { EPSILON } from '../../src/core/budgets.js';
import { randomStream } from '../../src/core/random.js';
import { applyOne, type HostTensor, type Value } from '../../src/ir/graph.js';
import { inputOp, scalar } from '../../src/ir/leaves.js';
import type { OpDef } from '../../src/ir/op.js';
import { add, exp, less, mul } from '../../src/ops/pointwise/index.js';
import { sum } from '../../src/ops/structural.js';
import { evaluateWithBudgets, referenceWithBudget } from '../../src/reference/budget.js';
import { judge } from '../../src/reference/judge.js';

const input = (...shape: number[]): Value => applyOne(inputOp, [], { name: 'x', shape, dtype: 'float32' });
const host = (shape: number[], values: Iterable<number>): HostTensor => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from(values),
});
const normals = (size: number, seed: number): number[] => {
  const { normal } = randomStream(seed, 0);
  return Array.from({ length: size }, normal);
};

test('an honest float32 sum keeps its budget, whatever its order; one budget more is caught', () => {
  const values = normals(1000, 1);
  const x = input(1000);
  const { values: expected, budgets } = referenceWithBudget(sum(x).node, [host([1000], values)]);
  for (const order of [values, [...values].reverse(), [...values].sort((a, b) => a - b)]) {
    let total = 0;
    for (const value of order) total = Math.fround(total + Math.fround(value));
    const data = expected[0]?.data ?? new Float64Array(0);
    const budget = budgets[0] as Float64Array;
    expect(judge(Float32Array.of(total), data, budget).worst).toBeLessThan(1);
    const fault = Float64Array.of((data[0] as number) + 1.01 * (budget[0] as number));
    expect(judge(fault, data, budget).worst).toBeGreaterThan(1);
  }
});

test('an exp that is off by a unit in the last place keeps its budget, one off by more than 3 + 2|x| does not', () => {
  const values = normals(500, 2);
  const { values: expected, budgets } = referenceWithBudget(exp(input(500)).node, [host([500], values)]);
  const off = (ulps: (x: number) => number): Float32Array =>
    Float32Array.from(values, (value) => Math.exp(Math.fround(value)) * (1 + ulps(value) * EPSILON));
  const worst = (actual: Float32Array): number =>
    judge(actual, expected[0]?.data ?? [], budgets[0] ?? []).worst;
  expect(worst(off(() => 1))).toBeGreaterThan(0);
  expect(worst(off(() => 1))).toBeLessThan(1);
  expect(worst(off((x) => 5 + 2 * Math.abs(x)))).toBeGreaterThan(1);
});

test('what is subnormal may be flushed to zero, at each step once and at no larger value', () => {
  const scale = Float64Array.of(2 ** -126, 2 ** -126 * (1 - 2 ** -23), 2 ** -130, 2 ** -124);
  const { node } = mul(input(4), input());
  const { values, budgets } = referenceWithBudget(node, [host([4], scale), host([], [1])]);
  const ratio = (index: number): number =>
    judge([0], [values[0]?.data[index] as number], [budgets[0]?.[index] as number]).worst;
  // Just below the smallest normal number a flush takes all but the rounding's share of the budget, and that is as it should be.
  expect(ratio(1)).toBeGreaterThan(0.99);
  expect(ratio(1)).toBeLessThanOrEqual(1);
  expect(ratio(2)).toBeLessThan(0.1);
  expect(ratio(3)).toBeGreaterThan(1);
});

/** exp(0.1 · Σ x) in one node without a reference. */
const fused: OpDef = {
  name: 'fused',
  infer: () => [{ shape: [], dtype: 'float32' }],
  decompose: ([x]) => [exp(mul(sum(x as Value), scalar(0.1)))],
};

test('the budget of a fused node carries the error of its base into the epilogue, and that of a constant', () => {
  const values = Array.from({ length: 64 }, (_, i) => i / 64);
  const { values: expected, budgets } = referenceWithBudget(applyOne(fused, [input(64)], {}).node, [
    host([64], values),
  ]);
  const total = values.reduce((a, b) => a + b, 0);
  const result = Math.exp(0.1 * total);
  expect(expected[0]?.data[0]).toBeCloseTo(result, 12);
  const [budget] = budgets[0] as Float64Array;
  // Σ: 64·ε·total, through the slope 0.1·result.
  expect(budget).toBeGreaterThan(64 * EPSILON * total * 0.1 * result);
  expect(budget).toBeLessThan(2 * 64 * EPSILON * total * 0.1 * result);
});

/** Σ exp(x): a prologue, whose errors enter the sum. */
const prologue: OpDef = {
  name: 'prologue',
  infer: () => [{ shape: [], dtype: 'float32' }],
  decompose: ([x]) => [sum(exp(x as Value))],
};

test('the budget of a fused node carries the error of its prologue into the base', () => {
  const x = input(2);
  const { budgets } = referenceWithBudget(applyOne(prologue, [x], {}).node, [host([2], [0, 1])]);
  const own = EPSILON * 2 * (1 + Math.E);
  const carried = EPSILON * (3 + 5 * Math.E);
  expect(budgets[0]?.[0]).toBeGreaterThanOrEqual((own + carried) * 0.99);
  expect(budgets[0]?.[0]).toBeLessThan((own + carried) * 1.5);
});

/** 0.1 + x < y, where the sum may round either way. */
const decision: OpDef = {
  name: 'decision',
  infer: ([, y]) => [{ shape: y?.shape ?? [], dtype: 'bool' }],
  decompose: ([x, y]) => [less(add(x as Value, scalar(0.1)), y as Value)],
};

test('a decision within reach of its operands’ errors may go either way, others may not', () => {
  const inputs = [host([1], [0.2]), host([3], [0.3, 0.29, 0.31])];
  const { values, budgets } = referenceWithBudget(applyOne(decision, [input(1), input(3)], {}).node, inputs);
  expect([...(budgets[0] ?? [])]).toEqual([1, 0, 0]);
  expect([...(values[0]?.data ?? [])].slice(1)).toEqual([0, 1]);
});

test('a whole graph gets the budget of its fused form', () => {
  const x = input(64);
  const values = host([64], normals(64, 3));
  const whole = evaluateWithBudgets([exp(mul(sum(x), scalar(0.1)))], new Map([[x.node, values.data]]));
  const node = referenceWithBudget(applyOne(fused, [x], {}).node, [values]);
  expect(whole.values[0]?.data).toEqual(node.values[0]?.data);
  expect(whole.budgets).toEqual(node.budgets);
});

test('errors of the inputs are carried where they are given', () => {
  const x = input(3);
  const y = sum(x);
  const errors = Float64Array.of(1e-3, 0, 2e-3);
  const { budgets } = referenceWithBudget(y.node, [host([3], [1, 1, 1])], [errors]);
  expect(budgets[0]?.[0]).toBeCloseTo(3e-3, 5);
});

test('judge: infinities, NaN and budgets of nothing', () => {
  const one = (actual: number, expected: number, budget: number): number =>
    judge(Float64Array.of(actual), Float64Array.of(expected), Float64Array.of(budget)).worst;
  expect(one(1, 1, 0)).toBe(0);
  expect(one(1, 2, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(one(1, 1.5, 0.25)).toBe(2);
  expect(one(Number.NaN, 1, 1)).toBe(Number.POSITIVE_INFINITY);
  expect(one(1, Number.NaN, 1)).toBe(Number.POSITIVE_INFINITY);
  expect(one(1, 1, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(one(Number.POSITIVE_INFINITY, 1e39, 1e30)).toBe(0);
  expect(one(Number.NEGATIVE_INFINITY, 1e39, 1e30)).toBe(Number.POSITIVE_INFINITY);
  expect(one(Number.POSITIVE_INFINITY, 1e30, 1e20)).toBe(Number.POSITIVE_INFINITY);
});
