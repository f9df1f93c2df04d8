/**
 * Reductions, softmax and cross-entropy with pointwise work in front and behind, as the fuse pass makes them: each is held to its
 * decomposition, and each of its kernels to that on a device.
 */

import { scalar } from '../../src/ir/leaves.js';
import type { FusedPointwise, OpDef } from '../../src/ir/op.js';
import type { PointwiseRow } from '../../src/ir/pointwise.js';
import { sparseSoftmaxCrossentropyOp } from '../../src/ops/crossentropy.js';
import { type FusedAttrs, fusedNode } from '../../src/ops/fused.js';
import { add, cast, equal, greater, mul } from '../../src/ops/pointwise/index.js';
import { argMaxOp, maxOp } from '../../src/ops/reduce.js';
import { softmaxOp } from '../../src/ops/softmax.js';
import { type ReduceAttrs, sumOp } from '../../src/ops/structural.js';
import type { OpCase } from './case.js';

/** The row behind a function of the elementwise family. */
function rowOf({ node }: ReturnType<typeof add>): PointwiseRow {
  if (!node.op.pointwise) throw new Error(`${node.op.name} is no elementwise op`);
  return node.op.pointwise;
}
const [one, yes] = [scalar(1), scalar(1, 'bool')];
const rows = {
  mul: rowOf(mul(one, one)),
  add: rowOf(add(one, one)),
  greater: rowOf(greater(one, one)),
  equal: rowOf(equal(one, one)),
  castToFloat: rowOf(cast(yes, 'float32')),
};

/** Shapes and the axes reduced over, around the kernels' widths. */
const SUMS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[7, 5], [0]],
  [[7, 5], [1]],
  [[3, 300], [1]],
  [[300, 3], [0]],
  [
    [13, 41],
    [0, 1],
  ],
  [
    [3, 4, 5],
    [0, 2],
  ],
];

const without = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.filter((_, axis) => !axes.includes(axis));

/** 0.5·reduce(x·w) + b, whether that exceeds b, and the scaled result beside it. */
function reduceBetween(op: OpDef<ReduceAttrs>, shape: readonly number[], axes: readonly number[]): OpCase {
  const last = shape.slice(-1);
  const result = without(shape, axes);
  const prologue: FusedPointwise = {
    program: {
      operands: ['float32', 'float32'],
      constants: [],
      steps: [{ row: rows.mul, args: [0, 1], dtype: 'float32' }],
      results: [2],
    },
    operands: [
      { type: { shape, dtype: 'float32' }, input: 0 },
      { type: { shape: last, dtype: 'float32' }, input: 1 },
    ],
    sides: [],
  };
  const epilogue: FusedPointwise = {
    program: {
      operands: ['float32', 'float32'],
      constants: [{ value: 0.5, dtype: 'float32' }],
      steps: [
        { row: rows.mul, args: [0, 2], dtype: 'float32' },
        { row: rows.add, args: [3, 1], dtype: 'float32' },
        { row: rows.greater, args: [4, 1], dtype: 'bool' },
      ],
      results: [4, 3, 5],
    },
    operands: [{ type: { shape: result, dtype: 'float32' }, input: 2 }],
    sides: [1, 2],
  };
  const attrs: FusedAttrs = {
    base: op as OpDef,
    baseAttrs: { axes, keepDims: false },
    baseInputs: 1,
    prologue,
    epilogue,
    virtual: { shape, dtype: 'float32' },
  };
  return {
    op: op.name,
    name: `of a product, scaled and shifted, [${shape}] over [${axes}]`,
    inputs: [{ shape }, { shape: last }, { shape: result }],
    build: (x, w, b) => fusedNode(attrs, [x, w, b]),
  };
}

/** value · dy (one per row) · 0.25, behind an op of `baseInputs` inputs. */
const scaledByRow = (shape: readonly number[], baseInputs: number): FusedPointwise => ({
  program: {
    operands: ['float32', 'float32'],
    constants: [{ value: 0.25, dtype: 'float32' }],
    steps: [
      { row: rows.mul, args: [0, 1], dtype: 'float32' },
      { row: rows.mul, args: [3, 2], dtype: 'float32' },
    ],
    results: [4],
  },
  operands: [{ type: { shape: [...shape.slice(0, -1), 1], dtype: 'float32' }, input: baseInputs }],
  sides: [],
});

const ROWS: readonly (readonly number[])[] = [[7], [65, 10], [3, 65]];

const accuracy: FusedPointwise = {
  program: {
    operands: ['int32', 'int32'],
    constants: [],
    steps: [
      { row: rows.equal, args: [0, 1], dtype: 'bool' },
      { row: rows.castToFloat, args: [2], dtype: 'float32' },
    ],
    results: [3],
  },
  operands: [{ type: { shape: [65], dtype: 'int32' }, input: 1 }],
  sides: [],
};

export const cases: OpCase[] = [
  ...SUMS.map(([shape, axes]) => reduceBetween(sumOp, shape, axes)),
  ...SUMS.slice(0, 3).map(([shape, axes]) => reduceBetween(maxOp, shape, axes)),
  ...ROWS.map((shape): OpCase => {
    const attrs: FusedAttrs = {
      base: softmaxOp as OpDef,
      baseAttrs: { axis: shape.length - 1 },
      baseInputs: 1,
      epilogue: scaledByRow(shape, 1),
    };
    return {
      op: 'softmax',
      name: `scaled by row, [${shape}]`,
      inputs: [{ shape }, { shape: [...shape.slice(0, -1), 1] }],
      build: (x, dy) => fusedNode(attrs, [x, dy]),
    };
  }),
  ...ROWS.map((shape): OpCase => {
    const attrs: FusedAttrs = {
      base: sparseSoftmaxCrossentropyOp as OpDef,
      baseAttrs: {},
      baseInputs: 2,
      epilogue: scaledByRow(shape, 2),
    };
    const batch = shape.slice(0, -1);
    return {
      op: 'sparseSoftmaxCrossentropy',
      name: `with a scaled gradient, [${shape}]`,
      inputs: [
        { shape },
        { shape: batch, dtype: 'int32', fill: Array.from({ length: batch[0] ?? 1 }, (_, row) => row % 7) },
        { shape: [...batch, 1] },
      ],
      build: (logits, labels, dy) => fusedNode(attrs, [logits, labels, dy]),
    };
  }),
  {
    op: 'argMax',
    name: 'compared with labels: accuracy',
    inputs: [
      { shape: [65, 10], fill: 'integers' },
      { shape: [65], dtype: 'int32', fill: Array.from({ length: 65 }, (_, row) => (row * 3) % 10) },
    ],
    build: (scores, labels) =>
      fusedNode({ base: argMaxOp as OpDef, baseAttrs: { axis: 1 }, baseInputs: 1, epilogue: accuracy }, [
        scores,
        labels,
      ]),
    exact: true,
    gradients: false,
  },
];
