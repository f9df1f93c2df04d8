/** Reverse mode as a function from graphs to graphs. */

import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import { HeddleError } from '../../src/core/errors.js';
import { applyOne, type Value, withScope } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import type { OpDef } from '../../src/ir/op.js';
import { add, cast, exp, mul, sigmoid, sparseSoftmaxCrossentropy, square, sum } from '../../src/ops/index.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { inputValue } from '../kit/host-program.js';

const numbers = (values: readonly (Value | null)[]): number[][] =>
  evaluateValues(
    values.map((value) => value as Value),
    new Map(),
    { precision: 'float64' },
  ).map(({ data }) => Array.from(data));

const vector = (...data: number[]): Value => constant(Float64Array.from(data), [data.length], 'float32');

const opaqueOp: OpDef = { name: 'opaque', infer: ([x]) => (x ? [x] : []) };
const composedOp: OpDef = {
  name: 'composed',
  infer: ([x]) => (x ? [x] : []),
  decompose: ([a, b]) => (a && b ? [mul(square(a), b)] : []),
};

describe('gradients', () => {
  it('adds up what arrives along several paths', () => {
    const x = vector(1, 2, 3);
    const [dx] = gradients([sum(add(mul(x, x), x))], [null], [x]);
    expect(numbers([dx ?? null])).toEqual([[3, 5, 7]]);
  });

  it('takes cotangents, and ones where there are none', () => {
    const x = vector(1, 2);
    const y = square(x);
    expect(numbers(gradients([y, x], [vector(10, 1), null], [x]))).toEqual([[21, 5]]);
  });

  it('gives null where no float path leads', () => {
    const x = vector(1, 2);
    const z = vector(5, 6);
    const y = mul(cast(cast(x, 'int32'), 'float32'), z);
    const [dx, dz] = gradients([y], [null], [x, z]);
    expect(dx).toBeNull();
    expect(numbers([dz ?? null])).toEqual([[1, 2]]);
  });

  it('differentiates its own results', () => {
    const x = vector(0.5, -1);
    const [first] = gradients([exp(square(x))], [null], [x]);
    const [second] = gradients([first as Value], [null], [x]);
    const expected = [0.5, -1].map((at) => (2 + 4 * at * at) * Math.exp(at * at));
    numbers([second ?? null])[0]?.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] as number, 12);
    });
  });

  it('goes through the decomposition of an op without vjp, and no further', () => {
    const a = vector(2, 3);
    const b = square(a); // an input that depends on another input
    const [da] = gradients([applyOne(composedOp, [a, b], {})], [null], [a]);
    expect(numbers([da ?? null])).toEqual([[4 * 8, 4 * 27]]); // (a⁴)′
    const [twice] = gradients([applyOne(composedOp, [a, a], {})], [null], [a]);
    expect(numbers([twice ?? null])).toEqual([[3 * 4, 3 * 9]]); // (a³)′
  });

  it('differentiates through a residual by the decomposition', () => {
    const logits = constant(Float64Array.from([0.1, -0.4, 0.7, 0.2, 0.3, -0.1]), [2, 3], 'float32');
    const labels = constant(Int32Array.of(2, 0), [2], 'int32');
    const [first] = gradients([sparseSoftmaxCrossentropy(logits, labels)], [null], [logits]);
    const [second] = gradients([sum(mul(first as Value, first as Value))], [null], [logits]);
    const step = 1e-5;
    const norm = (shift: number): number => {
      const moved = constant(Float64Array.from([0.1 + shift, -0.4, 0.7, 0.2, 0.3, -0.1]), [2, 3], 'float32');
      const [dy] = gradients([sparseSoftmaxCrossentropy(moved, labels)], [null], [moved]);
      return (numbers([dy ?? null])[0] ?? []).reduce((total, value) => total + value * value, 0);
    };
    expect(numbers([second ?? null])[0]?.[0]).toBeCloseTo((norm(step) - norm(-step)) / (2 * step), 6);
  });

  it('names op and scope where an op has no gradient', () => {
    const x = inputValue('x', [2]);
    const y = withScope('block', () => applyOne(opaqueOp, [x], {}));
    const failure = (): unknown => gradients([y], [null], [x]);
    expect(failure).toThrow(HeddleError);
    expect(failure).toThrow(/opaque.*no gradient \(in block\)/);
    // Off the path it does not matter.
    const z = inputValue('z', [2]);
    expect(gradients([add(y, z)], [null], [z])[0]?.shape).toEqual([2]);
  });

  it('refuses a cotangent of another shape', () => {
    const x = inputValue('x', [2]);
    expect(() => gradients([square(x)], [vector(1, 2, 3)], [x])).toThrow(/cotangent of output 0/);
  });

  it('is not limited by the stack', () => {
    let y: Value = inputValue('x', [1]);
    const x = y;
    for (let depth = 0; depth < 20_000; depth++) y = sigmoid(y);
    expect(gradients([y], [null], [x])[0]?.shape).toEqual([1]);
  });
});
