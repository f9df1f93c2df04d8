/** Elementwise ops: a sum at two sizes, a repeated bias, a chain of several, and a product that is summed up. */

import type { Size } from '../case.js';
import { addTerm, EPSILON, ERF_ERROR, emptySum } from './bounds.js';
import { at, costOf, even, type Op, type OperandData, type OpTask, type Probe, type Shape } from './task.js';

const COUNTS: Readonly<Record<Size, readonly [small: number, large: number]>> = {
  full: [1024, 2 ** 24],
  tiny: [5, 1025],
};

const EXTENTS: Readonly<Record<Size, Readonly<Record<'bias' | 'gelu' | 'dot', Shape>>>> = {
  full: { bias: [16_384, 1024], gelu: [2 ** 22], dot: [2 ** 24] },
  tiny: { bias: [9, 33], gelu: [257], dot: [513] },
};

export function elementwiseTasks(size: Size): OpTask[] {
  const { bias, gelu, dot } = EXTENTS[size];
  const [rows = 1, columns = 1] = bias;
  const [length = 1] = gelu;
  const [count = 1] = dot;
  const whole = { shape: dot, from: -4, to: 4, whole: 'float32' } as const;
  return [
    ...COUNTS[size].map((n) =>
      task({
        name: `add/${n}`,
        about: `x + y of ${n} elements`,
        op: { kind: 'add' },
        operands: [even(n), even(n)],
        results: [[n]],
        flops: n,
        probe:
          ([x, y]) =>
          (place) =>
            sumOf(at(x, place), at(y, place)),
      }),
    ),
    task({
      name: 'add/bias',
      about: `a bias of ${columns} on each of ${rows} rows`,
      op: { kind: 'add' },
      operands: [even(...bias), even(columns)],
      results: [bias],
      flops: rows * columns,
      probe:
        ([x, y]) =>
        (place) =>
          sumOf(at(x, place), at(y, place % columns)),
    }),
    task({
      name: 'gelu/chain',
      about: `gelu(x · a + b) of ${length} elements each, the exact gelu`,
      op: { kind: 'gelu' },
      operands: [{ shape: gelu, from: -3, to: 3 }, even(...gelu), even(...gelu)],
      results: [gelu],
      flops: 6 * length,
      probe:
        ([x, a, b]) =>
        (place) =>
          geluOf(at(x, place) * at(a, place), at(b, place)),
    }),
    task({
      name: 'dot/product',
      about: `Σ x · y of ${count} elements`,
      op: { kind: 'dot' },
      operands: [whole, whole],
      results: [[]],
      flops: 2 * count,
      // Whole numbers: their sum is exact in any order.
      probe:
        ([x, y]) =>
        () => {
          const sum = emptySum();
          for (let index = 0; index < count; index++) addTerm(sum, at(x, index) * at(y, index));
          return { value: sum.sum, tolerance: 0 };
        },
    }),
  ];
}

interface Parts extends Pick<OpTask, 'name' | 'about' | 'operands' | 'results'> {
  readonly op: Op;
  readonly flops: number;
  probe(data: readonly [OperandData, OperandData, OperandData]): (place: number) => Probe;
}

function task({ flops, probe, ...parts }: Parts): OpTask {
  return {
    ...parts,
    cost: costOf(flops, parts),
    oracle(data) {
      const at = probe(data as [OperandData, OperandData, OperandData]);
      return (_result, place) => at(place);
    },
  };
}

const sumOf = (x: number, y: number): Probe => ({ value: x + y, tolerance: EPSILON * Math.abs(x + y) });

/** v·Φ(v) of v = product + shift; its slope is 1.13 at most. */
function geluOf(product: number, shift: number): Probe {
  const v = product + shift;
  const value = (v * (1 + erf(v / Math.SQRT2))) / 2;
  const inner = EPSILON * (Math.abs(product) + Math.abs(v));
  return {
    value,
    tolerance: 1.13 * inner + (Math.abs(v) * ERF_ERROR) / 2 + 4 * EPSILON * Math.abs(v),
  };
}

/** 2/√π·Σ (−1)ᵏ x²ᵏ⁺¹ / (k!·(2k + 1)), exact enough for |x| up to 4. */
function erf(x: number): number {
  let power = x;
  let sum = x;
  for (let k = 1; k < 120; k++) {
    power *= -(x * x) / k;
    sum += power / (2 * k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
