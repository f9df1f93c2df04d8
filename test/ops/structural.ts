/** Cases of sum, broadcasting and shape-only ops. */

import { broadcastTo, expandDims, flatten, reshape, squeeze, sum, sumTo } from '../../src/ops/structural.js';
import type { OpCase } from './case.js';

/** Shapes and axes around the kernels' widths (64, 256) and every order of kept and reduced axes. */
const SUMS: readonly (readonly [readonly number[], number | readonly number[] | null])[] = [
  [[], null],
  [[1], 0],
  [[7], 0],
  [[63], 0],
  [[64], 0],
  [[65], 0],
  [[257], 0],
  [[1031], 0],
  [[1, 1], 1],
  [[3, 5], 0],
  [[3, 5], 1],
  [[3, 5], null],
  [[32, 10], -1],
  [[65, 63], 1],
  [[5, 257], 1],
  [[127, 10], 0],
  [[1, 10], 0],
  [[257, 3], 0],
  [[2, 3, 5], 0],
  [[2, 3, 5], 1],
  [[2, 3, 5], 2],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [
    [2, 3, 5],
    [0, 1],
  ],
  [
    [2, 3, 1, 5],
    [1, 3],
  ],
  [
    [2, 3, 4, 5],
    [0, 2],
  ],
  [
    [2, 3, 4, 5],
    [1, 3],
  ],
  [
    [2, 3, 4, 5, 2],
    [0, 2, 4],
  ],
];

const sums: OpCase[] = SUMS.flatMap(([shape, axis]) =>
  [false, true].map((keepDims) => ({
    op: 'sum',
    name: `[${shape}] over ${axis === null ? 'all' : `[${axis}]`}${keepDims ? ' keepDims' : ''}`,
    inputs: [{ shape }],
    build: (x) => sum(x, { axis, keepDims }),
    full: keepDims && shape.length < 3,
  })),
);

const integerSums: OpCase[] = (['float32', 'int32', 'uint32', 'bool'] as const).flatMap((dtype) =>
  [0, 1, null].map((axis) => ({
    op: 'sum',
    name: `${dtype} exactly over ${axis ?? 'all'}`,
    inputs: [{ shape: [67, 130], dtype, fill: 'integers' as const }],
    build: (x) => sum(x, { axis }),
    exact: true,
    gradients: false,
  })),
);

const BROADCASTS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], [1]],
  [[], [2, 3]],
  [[1], [7]],
  [[3], [2, 3]],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [1, 3],
    [2, 3],
  ],
  [
    [1, 1],
    [65, 63],
  ],
  [
    [2, 1, 4, 1],
    [3, 2, 5, 4, 2],
  ],
];

export const cases: OpCase[] = [
  ...sums,
  ...integerSums,
  {
    op: 'sum',
    name: 'twice differentiable',
    inputs: [{ shape: [3, 4] }],
    build: (x) => sum(x, { axis: 1 }),
    secondOrder: true,
  },
  {
    op: 'sum',
    name: 'of no elements',
    inputs: [{ shape: [3, 0] }],
    build: (x) => sum(x, { axis: 1 }),
    exact: true,
    gradients: false,
  },
  {
    op: 'sum',
    name: 'that cancels',
    inputs: [{ shape: [2, 4], fill: [1e6, 1, -1e6, 0.25, -1e6, 1e6, 0.5, -0.5] }],
    build: (x) => sum(x, { axis: 1 }),
  },
  ...BROADCASTS.map(
    ([from, to]): OpCase => ({
      op: 'broadcastTo',
      name: `[${from}] to [${to}]`,
      inputs: [{ shape: from }],
      build: (x) => broadcastTo(x, to),
      exact: true,
    }),
  ),
  ...(['int32', 'bool'] as const).map(
    (dtype): OpCase => ({
      op: 'broadcastTo',
      name: dtype,
      inputs: [{ shape: [3, 1], dtype }],
      build: (x) => broadcastTo(x, [3, 5]),
      exact: true,
      gradients: false,
    }),
  ),
  ...[[4, 2, 1], [2, 3], [3], [1, 3], [2, 1], [], [1, 1, 1], [4, 2, 3]].map(
    (shape): OpCase => ({
      op: 'sumTo',
      name: `[4,2,3] to [${shape}]`,
      inputs: [{ shape: [4, 2, 3] }],
      build: (x) => sumTo(x, shape),
    }),
  ),
  {
    op: 'reshape',
    name: 'with an extent to work out',
    inputs: [{ shape: [4, 6] }],
    build: (x) => reshape(x, [3, -1]),
    exact: true,
  },
  {
    op: 'reshape',
    name: 'scalar to [1,1]',
    inputs: [{ shape: [] }],
    build: (x) => reshape(x, [1, 1]),
    exact: true,
  },
  {
    op: 'expandDims',
    name: 'in every place',
    inputs: [{ shape: [2, 3] }],
    build: (x) => [0, 1, 2, -1, -3].map((axis) => expandDims(x, { axis })),
    exact: true,
  },
  {
    op: 'squeeze',
    name: 'all and some',
    inputs: [{ shape: [1, 3, 1] }],
    build: (x) => [squeeze(x), squeeze(x, { axis: 0 }), squeeze(x, { axis: [-1] })],
    exact: true,
  },
  { op: 'flatten', name: 'of rank 3', inputs: [{ shape: [2, 3, 4] }], build: flatten, exact: true },
  { op: 'flatten', name: 'of a scalar', inputs: [{ shape: [] }], build: flatten, exact: true },
];
