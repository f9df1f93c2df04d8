/**
 * The convolution and the gradients to its two operands. All three are linear in each operand and made of the same products, so
 * that each one's gradients are the other two: derivatives of any order need nothing else.
 *
 * Depthwise convolutions are convolutions of as many groups as channels; a transposed convolution is the gradient to an input.
 */

import { sizeOf } from '../../core/shape.js';
import { apply, applyOne, type TensorType, type Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import type { OpDef } from '../../ir/op.js';
import { broadcastTo, sum } from '../structural.js';
import { convCandidates, filterGradientCandidates, inputGradientCandidates } from './lower.js';
import { convReference } from './reference.js';
import {
  type ConvAttrs,
  convFlops,
  convShape,
  type FilterGradientAttrs,
  filterGradientShape,
  filterShape,
  type InputGradientAttrs,
  inputGradientShape,
  inputShape,
  outputShape,
} from './shape.js';

const FLOAT = 'float32';

/** y[n, p, q, k] = Σ_{r, s, c} x[n, p·stride + r·dilation − top, q·stride + s·dilation − left, c] · filter[r, s, c, k]. */
export const conv2dOp: OpDef<ConvAttrs> = {
  name: 'conv2d',
  infer: (inputs, attrs) => [{ shape: outputShape(convShape('conv2d', inputs, attrs)), dtype: FLOAT }],
  vjp({ inputs: [x, filter], attrs, dys: [dy], needs }) {
    if (!x || !filter || !dy) return [null, null];
    return [
      needs[0] ? inputGradient(dy, filter, { ...attrs, size: spatial(x) }) : null,
      needs[1] ? filterGradient(x, dy, { ...attrs, kernel: kernelOf(filter) }) : null,
    ];
  },
  reference: (inputs, outputs, attrs) =>
    convReference(convShape('conv2d', inputs, attrs), 'y', inputs, outputs),
  magnitude: (inputs, outputs, attrs) =>
    convReference(convShape('conv2d', inputs, attrs), 'y', inputs, outputs, true),
  terms: ([, filter]) => sizeOf(filter?.shape.slice(0, 3) ?? []),
  flops: (inputs, attrs) => convFlops(convShape('conv2d', inputs, attrs)),
  candidates: convCandidates,
  tunable: true,
  fusion: { epilogue: 0 },
};

/** dx[n, h, w, c] = Σ dy[n, p, q, k] · filter[r, s, c, k] over the p, q, r, s that meet at (h, w), and over k. */
export const conv2dInputGradientOp: OpDef<InputGradientAttrs> = {
  name: 'conv2dInputGradient',
  infer: (inputs, attrs) => [
    { shape: inputShape(inputGradientShape('conv2dInputGradient', inputs, attrs)), dtype: FLOAT },
  ],
  vjp({ inputs: [dy, filter], attrs, dys: [dx], needs }) {
    if (!dy || !filter || !dx) return [null, null];
    const { size, ...plain } = attrs;
    return [
      needs[0] ? convolution(dx, filter, plain) : null,
      needs[1] ? filterGradient(dx, dy, { ...plain, kernel: kernelOf(filter) }) : null,
    ];
  },
  reference: (inputs, outputs, attrs) =>
    convReference(inputGradientShape('conv2dInputGradient', inputs, attrs), 'x', inputs, outputs),
  magnitude: (inputs, outputs, attrs) =>
    convReference(inputGradientShape('conv2dInputGradient', inputs, attrs), 'x', inputs, outputs, true),
  terms: ([, filter], { groups }) => {
    const [r = 1, s = 1, , filters = 1] = filter?.shape ?? [];
    return (r * s * filters) / groups;
  },
  flops: (inputs, attrs) => convFlops(inputGradientShape('conv2dInputGradient', inputs, attrs)),
  candidates: inputGradientCandidates,
  tunable: true,
  fusion: { epilogue: 0 },
};

/** Of the gradient to the filter, with and without the column sum. */
const filterReferences: Pick<OpDef<FilterGradientAttrs>, 'reference' | 'magnitude' | 'terms' | 'flops'> = {
  reference: (inputs, outputs, attrs) =>
    convReference(filterGradientShape('conv2dFilterGradient', inputs, attrs), 'filter', inputs, outputs),
  magnitude: (inputs, outputs, attrs) =>
    convReference(
      filterGradientShape('conv2dFilterGradient', inputs, attrs),
      'filter',
      inputs,
      outputs,
      true,
    ),
  terms: ([, dy]) => sizeOf(dy?.shape.slice(0, 3) ?? []),
  flops: (inputs, attrs) => convFlops(filterGradientShape('conv2dFilterGradient', inputs, attrs)),
};

/** df[r, s, c, k] = Σ_{n, p, q} x[n, p·stride + r·dilation − top, …, c] · dy[n, p, q, k]. */
export const conv2dFilterGradientOp: OpDef<FilterGradientAttrs> = {
  name: 'conv2dFilterGradient',
  withColumnSum: () => conv2dFilterGradientWithColumnSumOp,
  infer: (inputs, attrs) => [
    { shape: filterShape(filterGradientShape('conv2dFilterGradient', inputs, attrs)), dtype: FLOAT },
  ],
  vjp({ inputs: [x, dy], attrs, dys: [df], needs }) {
    if (!x || !dy || !df) return [null, null];
    const { kernel, ...plain } = attrs;
    return [
      needs[0] ? inputGradient(dy, df, { ...plain, size: spatial(x) }) : null,
      needs[1] ? convolution(x, df, plain) : null,
    ];
  },
  ...filterReferences,
  candidates: (request) => filterGradientCandidates(request, false),
  tunable: true,
  fusion: { epilogue: 0 },
};

/** Two outputs: the gradient to the filter, and sum[k] = Σ_{n, p, q} dy[n, p, q, k], the gradient to the bias, in one pass over dy. */
export const conv2dFilterGradientWithColumnSumOp: OpDef<FilterGradientAttrs> = {
  name: 'conv2dFilterGradientWithColumnSum',
  infer(inputs, attrs) {
    const shape = filterGradientShape('conv2dFilterGradientWithColumnSum', inputs, attrs);
    return [
      { shape: filterShape(shape), dtype: FLOAT },
      { shape: [shape.filters], dtype: FLOAT },
    ];
  },
  decompose([x, dy], attrs) {
    return x && dy ? [filterGradient(x, dy, attrs), sum(dy, { axis: [0, 1, 2] })] : [];
  },
  ...filterReferences,
  candidates: (request) => filterGradientCandidates(request, true),
  tunable: true,
  fusion: { epilogue: 0 },
};

/** `conv2d` with resolved attributes. An empty sum is 0, but no kernel can bind an empty operand. */
export const convolution = (x: Value, filter: Value, attrs: ConvAttrs): Value =>
  emptySum(conv2dOp, [x, filter], attrs) ?? applyOne(conv2dOp, [x, filter], attrs);

/** The gradient of `conv2d` to its input, of size `attrs.size`: x from dy [N, P, Q, K] and filter [R, S, C / groups, K]. */
export const inputGradient = (dy: Value, filter: Value, attrs: InputGradientAttrs): Value =>
  emptySum(conv2dInputGradientOp, [dy, filter], attrs) ??
  applyOne(conv2dInputGradientOp, [dy, filter], attrs);

/** The gradient of `conv2d` to its filter, of size `attrs.kernel`. */
export const filterGradient = (x: Value, dy: Value, attrs: FilterGradientAttrs): Value =>
  emptySum(conv2dFilterGradientOp, [x, dy], attrs) ?? applyOne(conv2dFilterGradientOp, [x, dy], attrs);

/** `filterGradient` and Σ dy over batch, height and width [K] from one kernel, for the compiler's bias gradients. */
export function filterGradientWithColumnSum(
  x: Value,
  dy: Value,
  attrs: FilterGradientAttrs,
): readonly [Value, Value] {
  const [gradient, columnSum] = apply(conv2dFilterGradientWithColumnSumOp, [x, dy], attrs);
  return [gradient as Value, columnSum as Value];
}

function emptySum<A extends object>(op: OpDef<A>, inputs: readonly TensorType[], attrs: A): Value | null {
  if (inputs.every(({ shape }) => sizeOf(shape) > 0)) return null;
  return broadcastTo(scalar(0), op.infer(inputs, attrs)[0]?.shape ?? []);
}

function spatial({ shape }: TensorType): readonly [number, number] {
  const [, height = 1, width = 1] = shape;
  return [height, width];
}

function kernelOf({ shape }: TensorType): readonly [number, number] {
  const [height = 1, width = 1] = shape;
  return [height, width];
}
