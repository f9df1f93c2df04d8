/** The judge of gradients: it must pass right ones and catch planted faults, on ops defined here. */

import { expect, test } from 'vitest';
import { applyOne, type Value } from '../../src/ir/graph.js';
import { constant, inputOp } from '../../src/ir/leaves.js';
import type { OpDef } from '../../src/ir/op.js';
import { checkGradients } from '../../src/reference/grad-check.js';

const N = 40;

/** Σ f(x_i), and the map x ↦ f(x), as ops. */
const total = (f: (x: number) => number): OpDef => ({
  name: 'total',
  infer: () => [{ shape: [], dtype: 'float32' }],
  reference([x], [y]) {
    let sum = 0;
    for (const one of x?.data ?? []) sum += f(one);
    y?.data.set([sum]);
  },
});
const map = (f: (x: number) => number): OpDef => ({
  name: 'map',
  infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'float32' }],
  reference: ([x], [y]) => y?.data.set(Float64Array.from(x?.data ?? [], f)),
});

const point = Float64Array.from({ length: N }, (_, i) => Math.sin(i + 1));
const x: Value = applyOne(inputOp, [], { name: 'x', shape: [N], dtype: 'float32' });
const apply = (op: OpDef): Value => applyOne(op, [x], {});
const check = (f: (x: number) => number, gradient: Value | null, at = point) =>
  checkGradients({ loss: apply(total(f)), wrt: [x], gradients: [gradient], feeds: new Map([[x.node, at]]) });

test('a right gradient passes, each sample and the direction', () => {
  const report = check(Math.exp, apply(map(Math.exp)));
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ checked: 17, kinks: 0 });
  expect(report.worst).toBeLessThan(1);
});

test('a gradient off by one part in 10,000 fails', () => {
  expect(check(Math.exp, apply(map((v) => Math.exp(v) * 1.0001))).failures.length).toBeGreaterThan(0);
});

test('one wrong element is caught by the direction, wherever it is', () => {
  const slopes = (wrong: number): Float64Array => point.map((v, i) => (i === wrong ? 0 : 2 * v));
  for (let wrong = 0; wrong < N; wrong++) {
    const { failures } = check((v) => v * v, constant(slopes(wrong), [N], 'float32'));
    expect(failures.some(({ element }) => element === 'direction')).toBe(true);
  }
});

test('no gradient claims that nothing depends on the input', () => {
  expect(check(() => 1, null).failures).toEqual([]);
  expect(check((v) => v, null).failures.length).toBeGreaterThan(0);
});

test('a NaN in the gradient fails', () => {
  expect(check((v) => v, apply(map(() => Number.NaN))).failures.length).toBeGreaterThan(0);
});

test('at a kink anything between the slopes passes, and nothing else', () => {
  const zeros = new Float64Array(N);
  const relu = (v: number): number => Math.max(v, 0);
  for (const slope of [0, 0.5, 1]) expect(check(relu, apply(map(() => slope)), zeros).failures).toEqual([]);
  for (const slope of [-0.01, 1.01]) {
    expect(check(relu, apply(map(() => slope)), zeros).failures.length).toBeGreaterThan(0);
  }
});

test('a loss that is no scalar, or not finite, is refused', () => {
  const feeds = new Map([[x.node, point]]);
  expect(() => checkGradients({ loss: x, wrt: [x], gradients: [null], feeds })).toThrow(
    'not a float32 scalar',
  );
  expect(() => check((v) => Math.log(v), null)).toThrow('the loss is NaN');
});
