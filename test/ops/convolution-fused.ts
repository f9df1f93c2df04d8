/**
 * Convolutions with bias, activation and a side result behind them, as the fuse pass makes them: each is held to its
 * decomposition, and each of its kernels to that on a device.
 */

import type { Shape } from '../../src/core/shape.js';
import { scalar } from '../../src/ir/leaves.js';
import type { FusedPointwise, OpDef } from '../../src/ir/op.js';
import type { PointwiseRow } from '../../src/ir/pointwise.js';
import { type Pair, resolveWindow, type WindowOptions } from '../../src/ops/convolution/geometry.js';
import { conv2dFilterGradientOp, conv2dInputGradientOp, conv2dOp } from '../../src/ops/convolution/op.js';
import { convShape, filterShape, inputShape, outputShape } from '../../src/ops/convolution/shape.js';
import { fusedNode } from '../../src/ops/fused.js';
import { add, greater, maximum } from '../../src/ops/pointwise/index.js';
import type { OpCase } from './case.js';

const one = scalar(1);

/** The row behind a function of the elementwise family. */
function rowOf({ node }: ReturnType<typeof add>): PointwiseRow {
  if (!node.op.pointwise) throw new Error(`${node.op.name} is no elementwise op`);
  return node.op.pointwise;
}
const rows = {
  add: rowOf(add(one, one)),
  maximum: rowOf(maximum(one, one)),
  greater: rowOf(greater(one, one)),
};

/** max(value + bias, 0), whether value + bias exceeds 0 beside it. */
const biasAndRelu = (channels: number): FusedPointwise => ({
  program: {
    operands: ['float32', 'float32'],
    constants: [{ value: 0, dtype: 'float32' }],
    steps: [
      { row: rows.add, args: [0, 1], dtype: 'float32' },
      { row: rows.maximum, args: [3, 2], dtype: 'float32' },
      { row: rows.greater, args: [3, 2], dtype: 'bool' },
    ],
    results: [4, 5],
  },
  operands: [{ type: { shape: [channels], dtype: 'float32' }, input: 2 }],
  sides: [1],
});

interface Sketch {
  readonly x: Shape;
  readonly filter: Shape;
  readonly options: WindowOptions;
  readonly groups: number;
}

const SKETCHES: readonly Sketch[] = [
  { x: [2, 6, 5, 4], filter: [3, 3, 4, 12], options: { padding: 'same' }, groups: 1 },
  { x: [2, 6, 5, 3], filter: [2, 3, 3, 5], options: { strides: 2 }, groups: 1 },
  { x: [2, 6, 5, 4], filter: [3, 3, 1, 4], options: { padding: 1 }, groups: 4 },
];

const RESULTS = {
  conv2d: conv2dOp,
  conv2dInputGradient: conv2dInputGradientOp,
  conv2dFilterGradient: conv2dFilterGradientOp,
} as const;

function fusedCase(op: keyof typeof RESULTS, { x, filter, options, groups }: Sketch): OpCase {
  const [, height = 0, width = 0] = x;
  const [r = 0, s = 0] = filter;
  const size: Pair = [height, width];
  const kernel: Pair = [r, s];
  const attrs = { ...resolveWindow(op, size, kernel, options), groups };
  const float = (shape: Shape) => ({ shape, dtype: 'float32' as const });
  const shape = convShape(op, [float(x), float(filter)], attrs);
  const tensors = { x: inputShape(shape), filter: filterShape(shape), y: outputShape(shape) };
  const [first, second, result] = {
    conv2d: [tensors.x, tensors.filter, tensors.y],
    conv2dInputGradient: [tensors.y, tensors.filter, tensors.x],
    conv2dFilterGradient: [tensors.x, tensors.y, tensors.filter],
  }[op] as [Shape, Shape, Shape];
  const bias: Shape = [result[3] ?? 1];
  return {
    op: 'conv2d',
    name: `${op} with bias and relu, x [${x}], filter [${filter}]`,
    inputs: [{ shape: first }, { shape: second }, { shape: bias }],
    build: (a, b, c) =>
      fusedNode(
        {
          base: RESULTS[op] as OpDef,
          baseAttrs: { ...attrs, size, kernel },
          baseInputs: 2,
          epilogue: biasAndRelu(bias[0] ?? 1),
        },
        [a, b, c],
      ),
    gradients: false,
  };
}

export const cases: readonly OpCase[] = SKETCHES.flatMap((sketch) =>
  (['conv2d', 'conv2dInputGradient', 'conv2dFilterGradient'] as const).map((op) => fusedCase(op, sketch)),
);
