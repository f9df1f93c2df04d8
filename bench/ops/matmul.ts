/** Products of matrices: square ones, ones that are long in one direction, transposed ones, batches, and a dense layer. */

import type { Size } from '../case.js';
import { addTerm, emptySum, sumError } from './bounds.js';
import { at, costOf, even, type Op, type OperandData, type OpTask, type Oracle } from './task.js';

interface Extents {
  readonly batch?: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** With a bias and relu. */
  readonly dense?: boolean;
}

const SQUARES: Readonly<Record<Size, readonly number[]>> = {
  full: [64, 128, 256, 512, 1024, 2048, 4096],
  tiny: [8, 17],
};

const OTHERS: Readonly<Record<string, Readonly<Record<Size, Extents>>>> = {
  'matmul/outer': { full: { m: 4096, k: 16, n: 4096 }, tiny: { m: 33, k: 4, n: 32 } },
  'matmul/inner': { full: { m: 16, k: 4096, n: 16 }, tiny: { m: 4, k: 65, n: 4 } },
  'matmul/row': { full: { m: 1, k: 4096, n: 4096 }, tiny: { m: 1, k: 32, n: 33 } },
  'matmul/transposed-a': {
    full: { m: 1024, k: 1024, n: 1024, transposeA: true },
    tiny: { m: 17, k: 16, n: 8, transposeA: true },
  },
  'matmul/transposed-b': {
    full: { m: 1024, k: 1024, n: 1024, transposeB: true },
    tiny: { m: 16, k: 9, n: 17, transposeB: true },
  },
  'matmul/batched': {
    full: { batch: 64, m: 128, k: 128, n: 128 },
    tiny: { batch: 3, m: 8, k: 9, n: 8 },
  },
  'matmul/dense': {
    full: { m: 128, k: 784, n: 128, dense: true },
    tiny: { m: 6, k: 12, n: 8, dense: true },
  },
};

export function matmulTasks(size: Size): OpTask[] {
  return [
    ...SQUARES[size].map((n) => matmulTask(`matmul/${n}`, { m: n, k: n, n })),
    ...Object.entries(OTHERS).map(([name, extents]) => matmulTask(name, extents[size])),
  ];
}

function matmulTask(name: string, extents: Extents): OpTask {
  const { batch, m, k, n, transposeA = false, transposeB = false, dense = false } = extents;
  const of = (...shape: number[]): number[] => (batch === undefined ? shape : [batch, ...shape]);
  const operands = [
    even(...(transposeA ? of(k, m) : of(m, k))),
    even(...(transposeB ? of(n, k) : of(k, n))),
    ...(dense ? [even(n)] : []),
  ];
  const op: Op = { kind: 'matmul', transposeA, transposeB, dense };
  const shapes = { operands, results: [of(m, n)] };
  const turned = transposeA ? ', the first one transposed' : transposeB ? ', the second one transposed' : '';
  return {
    name,
    about: `${batch === undefined ? 'the product' : `${batch} products`} of matrices ${m}×${k} and ${k}×${n}${turned}${dense ? ', with bias and relu' : ''}`,
    op,
    ...shapes,
    cost: costOf(2 * (batch ?? 1) * m * k * n, shapes),
    oracle: (data) => oracle(extents, data),
  };
}

function oracle(extents: Extents, [a, b, bias]: readonly OperandData[]): Oracle {
  const { m, k, n, transposeA, transposeB } = extents;
  if (!a || !b) throw new RangeError('a product has two operands');
  return (_result, place) => {
    const [product, row, column] = [Math.floor(place / (m * n)), Math.floor(place / n) % m, place % n];
    const sum = emptySum();
    for (let i = 0; i < k; i++) {
      const left = transposeA ? i * m + row : row * k + i;
      const right = transposeB ? column * k + i : i * n + column;
      addTerm(sum, at(a, product * m * k + left) * at(b, product * k * n + right));
    }
    if (bias) addTerm(sum, at(bias, column));
    return { value: bias ? Math.max(0, sum.sum) : sum.sum, tolerance: sumError(sum) };
  };
}
