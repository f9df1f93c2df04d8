// Random ops: published vectors of the generator, and statistics at fixed seeds, with bounds that a right generator keeps by far.
import { describe, expect, it } from 'vitest';
import { threefry } from '../../src/core/random.js';
import type { Value } from '../../src/ir/graph.js';
import { constant, scalar } from '../../src/ir/leaves.js';
import { categorical } from '../../src/ops/categorical.js';
import { bernoulli, dropout, normal, randomBits, uniform } from '../../src/ops/pointwise/index.js';
import { broadcastTo } from '../../src/ops/structural.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { failure } from '../kit/failure.js';

const data = (value: Value): number[] => [...(evaluateValues([value])[0]?.data ?? [])];

const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
const variance = (list: readonly number[]): number => {
  const centre = mean(list);
  return mean(list.map((x) => (x - centre) ** 2));
};

/** Σ (seen − expected)² / expected. */
function chiSquared(seen: readonly number[], expected: readonly number[]): number {
  return seen.reduce((sum, count, i) => sum + (count - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 0), 0);
}

describe('the generator', () => {
  // Known-answer vectors of Threefry-2x32-20 from the Random123 distribution: key, counter, result.
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)('has its published vector for key %j', ([seed, stream], [element, step], expected) => {
    expect(threefry(seed, stream, element, step)).toEqual(expected);
  });

  it('is what randomBits gives: the element as first counter word, the step as second', () => {
    const bits = data(
      randomBits([3, 2], { seed: 0xffffffff, stream: 5, counter: scalar(0x85a308d3, 'uint32') }),
    );
    expect(bits).toEqual([0, 1, 2, 3, 4, 5].map((i) => threefry(0xffffffff, 5, i, 0x85a308d3)[0]));
    expect(data(randomBits([1]))).toEqual([0x6b200159]);
  });

  it('differs between seeds, streams and steps', () => {
    const step = (n: number) => scalar(n, 'uint32');
    const draws = [
      randomBits([4]),
      randomBits([4], { seed: 1 }),
      randomBits([4], { stream: 1 }),
      randomBits([4], { counter: step(1) }),
    ].map((value) => data(value).join());
    expect(new Set(draws).size).toBe(4);
  });
});

describe('distributions', () => {
  const count = 20_000;

  it('uniform: range, mean, variance, and equal buckets', () => {
    const list = data(uniform([count], { seed: 1, min: -1, max: 3 }));
    expect(Math.min(...list)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...list)).toBeLessThan(3);
    expect(mean(list)).toBeCloseTo(1, 1);
    expect(Math.abs(variance(list) - 16 / 12)).toBeLessThan(0.04);
    const buckets = new Array<number>(16).fill(0);
    for (const x of list) buckets[Math.floor((x + 1) * 4)] = (buckets[Math.floor((x + 1) * 4)] ?? 0) + 1;
    expect(
      chiSquared(
        buckets,
        buckets.map(() => count / 16),
      ),
    ).toBeLessThan(45); // 15 degrees of freedom: p < 1e-4
  });

  it('normal: moments and tails', () => {
    const list = data(normal([count], { seed: 2, mean: 5, stddev: 2 })).map((x) => (x - 5) / 2);
    expect(Math.abs(mean(list))).toBeLessThan(0.035);
    expect(Math.abs(variance(list) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(list.map((x) => x ** 3)))).toBeLessThan(0.15);
    expect(Math.abs(mean(list.map((x) => x ** 4)) - 3)).toBeLessThan(0.4);
    const within = list.filter((x) => Math.abs(x) < 1).length;
    expect(Math.abs(within / count - 0.6827)).toBeLessThan(0.016);
  });

  it('bernoulli: its probability', () => {
    expect(Math.abs(mean(data(bernoulli([count], { seed: 3, probability: 0.3 }))) - 0.3)).toBeLessThan(0.016);
    expect(mean(data(bernoulli([100], { probability: 1 })))).toBe(1);
    expect(mean(data(bernoulli([100], { probability: 0 })))).toBe(0);
  });

  it('categorical: softmax of the logits, also at another temperature', () => {
    const logits = [0, 1, -1, 2];
    for (const temperature of [1, 2]) {
      const rows = broadcastTo(constant(Float32Array.from(logits), [4], 'float32'), [count, 4]);
      const drawn = data(categorical(rows, { seed: 4, temperature }));
      const weights = logits.map((logit) => Math.exp(logit / temperature));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const seen = logits.map((_, index) => drawn.filter((one) => one === index).length);
      expect(seen.reduce((sum, one) => sum + one, 0)).toBe(count);
      expect(
        chiSquared(
          seen,
          weights.map((weight) => (count * weight) / total),
        ),
      ).toBeLessThan(21); // 3 degrees: p < 1e-4
    }
  });

  it('categorical: a tensor of temperatures does what numbers do, row by row', () => {
    const rows = constant(Float32Array.of(0, 1, -1, 2, 0, 1, -1, 2), [2, 1, 4], 'float32');
    const wide = broadcastTo(rows, [2, 500, 4]);
    const heated = data(
      categorical(wide, { seed: 4, temperature: constant(Float32Array.of(0.5, 2), [2, 1, 1], 'float32') }),
    );
    expect(heated.slice(0, 500)).toEqual(
      data(categorical(wide, { seed: 4, temperature: 0.5 })).slice(0, 500),
    );
    expect(heated.slice(500)).toEqual(data(categorical(wide, { seed: 4, temperature: 2 })).slice(500));
    expect([...new Set(data(categorical(wide, { temperature: scalar(0) })))]).toEqual([3]);
    const wrong = (shape: number[], dtype: 'float32' | 'int32') =>
      failure(() => categorical(wide, { temperature: broadcastTo(scalar(1, dtype), shape) })).message;
    expect(wrong([4], 'float32')).toContain('temperature is float32 [4], logits are [2,500,4]');
    expect(wrong([3, 1], 'float32')).toContain('[3,1]');
    expect(wrong([1, 1, 1, 1], 'float32')).toContain('[1,1,1,1]');
    expect(wrong([], 'int32')).toContain('temperature is int32');
  });

  it('dropout: keeps the expected fraction, scaled, and the same elements at the same step', () => {
    const x = constant(new Float32Array(count).fill(3), [count], 'float32');
    const kept = data(dropout(x, { rate: 0.25, seed: 6 }));
    expect([...new Set(kept)].sort()).toEqual([0, 4]);
    expect(Math.abs(kept.filter((one) => one !== 0).length / count - 0.75)).toBeLessThan(0.016);
    expect(data(dropout(x, { rate: 0.25, seed: 6 }))).toEqual(kept);
    expect(data(dropout(x, { rate: 0.25, seed: 6, counter: scalar(1, 'uint32') }))).not.toEqual(kept);
  });
});
