/** Cases of the fused cross-entropies. */

import {
  sigmoidCrossentropy,
  softmaxCrossentropy,
  sparseSoftmaxCrossentropy,
} from '../../src/ops/crossentropy.js';
import type { OpCase } from './case.js';

/** Shapes of logits: [..., classes], around the kernels' widths (64, 256). */
const SHAPES: readonly (readonly number[])[] = [
  [1],
  [7],
  [1, 1],
  [3, 2],
  [32, 10],
  [65, 10],
  [2, 3, 5],
  [3, 63],
  [3, 64],
  [3, 65],
  [2, 257],
];

/** Labels that visit every class from both ends. */
const labelsFor = (shape: readonly number[]): number[] => {
  const classes = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((count, extent) => count * extent, 1);
  return Array.from({ length: rows }, (_, row) => (row * 7) % classes);
};

const sparse: OpCase[] = SHAPES.map((shape) => ({
  op: 'sparseSoftmaxCrossentropy',
  name: `[${shape}]`,
  inputs: [{ shape }, { shape: shape.slice(0, -1), dtype: 'int32', fill: labelsFor(shape) }],
  build: sparseSoftmaxCrossentropy,
}));

const dense: OpCase[] = SHAPES.map((shape) => ({
  op: 'softmaxCrossentropy',
  name: `[${shape}]`,
  inputs: [{ shape }, { shape, fill: 'unit' }],
  build: softmaxCrossentropy,
}));

export const cases: OpCase[] = [
  ...sparse,
  ...dense,
  {
    op: 'sparseSoftmaxCrossentropy',
    name: 'of logits whose exp overflows or underflows',
    inputs: [
      { shape: [3, 3], fill: [1000, 0, -1000, -1e4, -1e4, -1e4, 3e4, -3e4, 88] },
      { shape: [3], dtype: 'int32', fill: [0, 1, 1] },
    ],
    build: sparseSoftmaxCrossentropy,
    gradients: false,
  },
  {
    op: 'sparseSoftmaxCrossentropy',
    name: 'clamps labels outside the classes',
    inputs: [{ shape: [4, 5] }, { shape: [4], dtype: 'int32', fill: [-1, 5, 2_000_000_000, -2_000_000_000] }],
    build: sparseSoftmaxCrossentropy,
  },
  {
    op: 'sparseSoftmaxCrossentropy',
    name: 'twice differentiable',
    inputs: [{ shape: [3, 4] }, { shape: [3], dtype: 'int32', fill: [3, 0, 2] }],
    build: sparseSoftmaxCrossentropy,
    secondOrder: true,
  },
  {
    op: 'softmaxCrossentropy',
    name: 'with targets that do not sum to 1',
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], fill: [0, 0, 0, 2, -1, 0.5] }],
    build: softmaxCrossentropy,
  },
  {
    op: 'softmaxCrossentropy',
    name: 'twice differentiable',
    inputs: [{ shape: [2, 3] }, { shape: [2, 3], fill: 'unit' }],
    build: softmaxCrossentropy,
    secondOrder: true,
  },
  ...[[1], [7], [5, 3], [65]].map(
    (shape): OpCase => ({
      op: 'sigmoidCrossentropy',
      name: `[${shape}]`,
      inputs: [{ shape }, { shape, fill: 'unit' }],
      build: sigmoidCrossentropy,
    }),
  ),
  {
    op: 'sigmoidCrossentropy',
    name: 'of large logits',
    inputs: [
      { shape: [6], fill: [100, -100, 1e4, -1e4, 0, 20] },
      { shape: [6], fill: [1, 0, 0, 1, 0.5, 1] },
    ],
    build: sigmoidCrossentropy,
    gradients: false,
  },
  {
    op: 'sigmoidCrossentropy',
    name: 'twice differentiable, broadcasting',
    inputs: [{ shape: [2, 3] }, { shape: [3], fill: 'unit' }],
    build: sigmoidCrossentropy,
    secondOrder: true,
  },
];
