/** Cases of matmul and of the product with a column sum. */

import type { Value } from '../../src/ir/graph.js';
import { matmul, matmulWithColumnSum } from '../../src/ops/matmul.js';
import type { CaseInput, OpCase } from './case.js';

const COMBINATIONS = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
] as const;
type Combination = (typeof COMBINATIONS)[number];

const letters = ({ transposeA, transposeB }: Combination): string =>
  `${transposeA ? 'aᵀ' : 'a'}·${transposeB ? 'bᵀ' : 'b'}`;

/** The inputs of an [m, k] · [k, n] product, batch dimensions in front. */
function operands(
  [m, k, n]: readonly [number, number, number],
  { transposeA, transposeB }: Combination,
  [batchA, batchB]: readonly [readonly number[], readonly number[]] = [[], []],
  fill: CaseInput['fill'] = 'normal',
): CaseInput[] {
  return [
    { shape: [...batchA, ...(transposeA ? [k, m] : [m, k])], fill },
    { shape: [...batchB, ...(transposeB ? [n, k] : [k, n])], fill },
  ];
}

/** M, K, N: around the tiles of the kernels (4, 8, 16, 32), their vec4 edges and their steps of K. */
const SMALL = [
  [1, 1, 1],
  [3, 2, 5],
  [4, 4, 4],
  [7, 1, 1],
  [1, 17, 10],
  [9, 15, 17],
] as const;
const MEDIUM = [
  [31, 16, 33],
  [33, 65, 17],
  [32, 20, 64],
  [5, 140, 3],
] as const;
const LARGE = [
  [128, 784, 128],
  [129, 67, 130],
  [2, 5000, 3],
] as const;

const sizes: OpCase[] = COMBINATIONS.flatMap((combination) =>
  [...SMALL, ...MEDIUM, ...LARGE].map(([m, k, n]) => ({
    op: 'matmul',
    name: `${letters(combination)} ${m}×${k}×${n}`,
    inputs: operands([m, k, n], combination),
    build: (a: Value, b: Value) => matmul(a, b, combination),
    secondOrder: m * k * n <= 64,
    full: m * k * n > 40_000 || (m * k * n > 10_000 && combination.transposeA && combination.transposeB),
  })),
);

/** Around a tile of 64, and more than half a tile of 128: all workgroup tiles are offered. */
const tileEdges: OpCase[] = COMBINATIONS.map((combination) => ({
  op: 'matmul',
  name: `${letters(combination)} 65×18×66`,
  inputs: operands([65, 18, 66], combination),
  build: (a: Value, b: Value) => matmul(a, b, combination),
  gradients: false,
}));

const BATCHES = [
  [[3], [3]],
  [[2, 3], []],
  [[], [2, 2]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [2, 1, 3],
    [2, 3],
  ],
] as const;

/** By default each kind of batch with one layout, and each layout at least once: a variant costs seconds to compile on software. */
const batches: OpCase[] = BATCHES.flatMap(([batchA, batchB], kind) =>
  COMBINATIONS.map((combination, layout) => ({
    op: 'matmul',
    name: `[${batchA}] and [${batchB}] batches of ${letters(combination)}`,
    inputs: operands([5, 6, 4], combination, [batchA, batchB]),
    build: (a: Value, b: Value) => matmul(a, b, combination),
    secondOrder: batchA.length === 2 && batchB.length === 0,
    full: kind % COMBINATIONS.length !== layout,
  })),
);

const exact: OpCase[] = COMBINATIONS.flatMap((combination) =>
  (['float32', 'int32'] as const).map((dtype) => ({
    op: 'matmul',
    name: `${letters(combination)} of ${dtype} integers`,
    inputs: operands([18, 130, 12], combination, [[], []], 'integers').map((input) => ({ ...input, dtype })),
    build: (a: Value, b: Value) => matmul(a, b, combination),
    exact: true,
    gradients: dtype === 'float32',
    full: dtype === 'int32' && combination.transposeA !== combination.transposeB,
  })),
);

const columnSums: OpCase[] = COMBINATIONS.flatMap((combination) =>
  (
    [
      [1, 1, 1],
      [20, 7, 10],
      [33, 150, 36],
    ] as const
  ).flatMap(([m, k, n]) =>
    (['normal', 'integers'] as const).map((fill) => ({
      op: 'matmulWithColumnSum',
      name: `${letters(combination)} ${m}×${k}×${n} ${fill}`,
      inputs: operands([m, k, n], combination, [[], []], fill),
      build: (a: Value, b: Value) => matmulWithColumnSum(a, b, combination),
      exact: fill === 'integers',
      full: fill === 'normal' && (combination.transposeB || k > 100),
      secondOrder: m * k * n === 1,
    })),
  ),
);

const emptySum: OpCase = {
  op: 'matmul',
  name: 'no terms',
  inputs: [{ shape: [2, 0] }, { shape: [0, 3] }],
  build: (a, b) => matmul(a, b),
  exact: true,
  gradients: false,
};

export const cases: readonly OpCase[] = [
  ...sizes,
  ...tileEdges,
  ...batches,
  ...exact,
  ...columnSums,
  emptySum,
];
