/** Cases of mean, max, min and argMax. */

import { argMax, max, mean, min } from '../../src/ops/reduce.js';
import type { OpCase } from './case.js';

const SHAPES: readonly (readonly [readonly number[], number | readonly number[] | null])[] = [
  [[], null],
  [[1], 0],
  [[7], null],
  [[257], 0],
  [[3, 5], 0],
  [[3, 5], 1],
  [[32, 10], -1],
  [[5, 65], 1],
  [[300, 3], 0],
  [[2, 3, 5], 1],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [
    [2, 3, 4, 5],
    [1, 3],
  ],
];

const REDUCTIONS = [
  ['mean', mean],
  ['max', max],
  ['min', min],
] as const;

const overShapes: OpCase[] = REDUCTIONS.flatMap(([op, reduce]) =>
  SHAPES.map(([shape, axis], index) => ({
    op,
    name: `[${shape}] over ${axis === null ? 'all' : `[${axis}]`}`,
    inputs: [{ shape }],
    build: (x) => reduce(x, { axis, keepDims: index % 2 === 1 }),
    exact: op !== 'mean',
  })),
);

const integers: OpCase[] = [max, min].flatMap((reduce, index) =>
  (['int32', 'uint32'] as const).map((dtype) => ({
    op: index === 0 ? 'max' : 'min',
    name: dtype,
    inputs: [{ shape: [5, 70], dtype }],
    build: (x) => [reduce(x, { axis: 1 }), reduce(x, { axis: 0 }), reduce(x)],
    exact: true,
    gradients: false,
  })),
);

const argMaxima: OpCase[] = (
  [
    [[1], 0],
    [[7], -1],
    [[257], 0],
    [[32, 10], -1],
    [[32, 10], 0],
    [[5, 63], 1],
    [[5, 64], 1],
    [[5, 65], 1],
    [[3, 300], 1],
    [[2, 3, 5], 1],
  ] as const
).map(([shape, axis]) => ({
  op: 'argMax',
  name: `[${shape}] along ${axis}`,
  // Integers from −8 to 8: ties abound, and the first of them must win.
  inputs: [{ shape, fill: 'integers' }],
  build: (x) => argMax(x, { axis }),
  exact: true,
  gradients: false,
}));

export const cases: OpCase[] = [
  ...overShapes,
  ...integers,
  ...argMaxima,
  {
    op: 'argMax',
    name: 'of integers',
    inputs: [{ shape: [4, 9], dtype: 'int32' }],
    build: (x) => argMax(x),
    exact: true,
    gradients: false,
  },
  {
    op: 'max',
    name: 'of values all below zero',
    inputs: [{ shape: [2, 3], fill: [-3, -1, -2, -1e30, -3e38, -2e38] }],
    build: (x) => max(x, { axis: 1 }),
    exact: true,
    gradients: false,
  },
  {
    op: 'max',
    name: 'twice differentiable',
    inputs: [{ shape: [3, 4] }],
    build: (x) => max(x, { axis: 1 }),
    secondOrder: true,
  },
  {
    op: 'mean',
    name: 'twice differentiable',
    inputs: [{ shape: [3, 4] }],
    build: (x) => mean(x),
    secondOrder: true,
  },
];
