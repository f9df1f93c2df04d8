/** Cases of softmax and logSoftmax. */

import { logSoftmax, softmax } from '../../src/ops/softmax.js';
import type { OpCase } from './case.js';

const SHAPES: readonly (readonly [readonly number[], number])[] = [
  [[1], 0],
  [[7], -1],
  [[1, 1], 1],
  [[3, 5], 1],
  [[3, 5], 0],
  [[32, 10], -1],
  [[3, 63], 1],
  [[3, 64], 1],
  [[3, 65], 1],
  [[2, 257], 1],
  [[65, 3], -1],
  [[2, 3, 5], 1],
  [[2, 3, 5], -1],
];

const FUNCTIONS = [
  ['softmax', softmax],
  ['logSoftmax', logSoftmax],
] as const;

export const cases: OpCase[] = FUNCTIONS.flatMap(([op, along]): OpCase[] => [
  ...SHAPES.map(
    ([shape, axis]): OpCase => ({
      op,
      name: `[${shape}] along ${axis}`,
      inputs: [{ shape }],
      build: (x) => along(x, { axis }),
    }),
  ),
  {
    op,
    name: 'of numbers whose exp overflows or underflows',
    inputs: [{ shape: [3, 4], fill: [1000, 999, 998, -1000, -1e4, -1e4, -1e4, -1e4, 3e38, 0, -3e4, 88] }],
    build: (x) => along(x),
    gradients: false,
  },
  {
    op,
    name: 'twice differentiable',
    inputs: [{ shape: [2, 4] }],
    build: (x) => along(x),
    secondOrder: true,
  },
]);
