/** `concat`, `stack` and `split`: tensors side by side along an axis, and apart again. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf } from '../../core/shape.js';
import { applyOne, type TensorType, type Value } from '../../ir/graph.js';
import {
  type Candidate,
  inputArg,
  type LoweredDispatch,
  type LowerRequest,
  type OpDef,
  outputArg,
} from '../../ir/op.js';
import { concat as concatKernel } from '../../kernels/concat.js';
import { expandDims } from '../structural.js';
import { requireWords } from './geometry.js';
import { slice } from './slice.js';

export interface ConcatAttrs {
  readonly axis: number;
}

/** Parts that one dispatch takes beside the result, where the adapter has bindings for them. */
const MOST_PARTS = 7;

/** y[…, starts_p + i, …] = x_p[…, i, …]. */
export const concatOp: OpDef<ConcatAttrs> = {
  name: 'concat',
  concatenates: true,
  infer(inputs, { axis }) {
    const [first] = inputs;
    if (!first) {
      throw new HeddleError({
        op: 'concat',
        message: 'takes at least 1 value, got 0',
        roles: ['values'],
        fix: 'pass a list with a value in it',
      });
    }
    inputs.forEach((input, index) => {
      requireWords('concat', `values[${index}]`, input);
      if (input.dtype === first.dtype && sameShape(without(input.shape, axis), without(first.shape, axis)))
        return;
      throw new HeddleError({
        op: 'concat',
        message:
          `values[${index}] is ${input.dtype} ${showShape(input.shape)}, values[0] is ${first.dtype} ` +
          `${showShape(first.shape)}, joined along axis ${axis}`,
        roles: ['values[0]', `values[${index}]`],
        values: { axis, first: first.shape, other: input.shape, dtypes: [first.dtype, input.dtype] },
        fix: 'make dtypes equal, and all extents but that of the axis',
      });
    });
    const extent = inputs.reduce((sum, input) => sum + (input.shape[axis] as number), 0);
    return [{ shape: first.shape.map((own, at) => (at === axis ? extent : own)), dtype: first.dtype }];
  },
  vjp({ attrs: { axis }, inputs, dys: [dy], needs }) {
    let start = 0;
    return inputs.map((input, index) => {
      const begin = input.shape.map((_, at) => (at === axis ? start : 0));
      start += input.shape[axis] as number;
      if (!dy || !needs[index] || input.dtype !== 'float32') return null;
      return slice(dy, { begin, size: input.shape });
    });
  },
  reference(inputs, [y], { axis }) {
    if (!y) return;
    const outer = sizeOf(y.shape.slice(0, axis)); // [outer, extent · inner]
    const total = sizeOf(y.shape.slice(axis));
    let base = 0;
    for (const x of inputs) {
      const width = sizeOf(x.shape.slice(axis));
      for (let row = 0; row < outer; row++) {
        for (let col = 0; col < width; col++) {
          y.data[row * total + base + col] = x.data[row * width + col] as number;
        }
      }
      base += width;
    }
  },
  candidates: concatCandidates,
};

function concatCandidates({
  inputs,
  outputs: [y],
  attrs,
  capabilities,
}: LowerRequest<ConcatAttrs>): Candidate[] {
  if (!y) return [];
  const { axis } = attrs;
  const widthOf = ({ shape }: TensorType): number => sizeOf(shape.slice(axis));
  // Along axis 0 widths grow with the batch, which must not choose the kernel: there rows have to be whole quads.
  const wide =
    sizeOf(y.shape.slice(axis + 1)) % 4 === 0 ||
    (axis > 0 && inputs.every((input) => widthOf(input) % 4 === 0));
  const parts = inputs.flatMap((input, index) => (sizeOf(input.shape) > 0 ? [index] : []));
  const perDispatch = Math.min(MOST_PARTS, capabilities.maxStorageBuffersPerShaderStage - 1);
  const dispatches: LoweredDispatch[] = [];
  let base = 0;
  for (let at = 0; at < parts.length; at += perDispatch) {
    const chosen = parts.slice(at, at + perDispatch);
    const widths = chosen.map((index) => widthOf(inputs[index] as TensorType));
    dispatches.push({
      launch: concatKernel('concat', {
        outer: sizeOf(y.shape.slice(0, axis)),
        widths,
        base,
        total: widthOf(y),
        wide,
      }),
      args: [...chosen.map(inputArg), outputArg(0)],
    });
    base += widths.reduce((sum, width) => sum + width, 0);
  }
  return [{ key: 'concat', lower: () => ({ scratch: [], dispatches }) }];
}

const without = (shape: Shape, axis: number): number[] => shape.filter((_, at) => at !== axis);

export interface AxisOption {
  /** Default 0. Negative axes count from the end. */
  readonly axis?: number;
}

/**
 * `values` joined along `axis`. All have the same dtype and, but for that axis, the same extents. Throws a `HeddleError`
 * where they have not, for an empty list and for uint8 data.
 */
export function concat(values: readonly Value[], options: AxisOption = {}): Value {
  rejectUnknownOptions('concat', options, ['axis']);
  const [only] = values;
  const axis = normalizeAxis('concat', options.axis ?? 0, only?.shape.length ?? 1);
  return only && values.length === 1 ? only : applyOne(concatOp, values, { axis });
}

/**
 * `values`, all of one shape, as the slices of a tensor with a new axis at `axis`. Throws a `HeddleError` where shapes or
 * dtypes differ.
 */
export function stack(values: readonly Value[], options: AxisOption = {}): Value {
  rejectUnknownOptions('stack', options, ['axis']);
  const [first] = values;
  const axis = normalizeAxis('stack', options.axis ?? 0, (first?.shape.length ?? 0) + 1);
  const odd = values.findIndex((value) => first && !sameShape(value.shape, first.shape));
  if (first && odd >= 0) {
    const shape = values[odd]?.shape ?? [];
    throw new HeddleError({
      op: 'stack',
      message: `values[${odd}] is ${showShape(shape)}, values[0] is ${showShape(first.shape)}`,
      roles: ['values[0]', `values[${odd}]`],
      values: { first: first.shape, other: shape },
      fix: 'make all shapes equal, or use concat()',
    });
  }
  return concat(
    values.map((value) => expandDims(value, { axis })),
    { axis },
  );
}

export interface SplitOptions extends AxisOption {
  /** How many equal parts, or the extent of each part along the axis. */
  readonly sizes: number | readonly number[];
}

/**
 * The consecutive parts of `x` along `axis`. Throws a `HeddleError` where the parts do not add up to the extent, and for uint8
 * data.
 */
export function split(x: Value, options: SplitOptions): Value[] {
  rejectUnknownOptions('split', options, ['sizes', 'axis']);
  const axis = normalizeAxis('split', options.axis ?? 0, x.shape.length);
  const extent = x.shape[axis] as number;
  const { sizes } = options;
  const list =
    typeof sizes === 'number' ? Array.from({ length: Math.max(0, sizes) }, () => extent / sizes) : sizes;
  const valid = list.every((size) => Number.isInteger(size) && size >= 0);
  if (!valid || list.reduce((sum, size) => sum + size, 0) !== extent) {
    throw new HeddleError({
      op: 'split',
      message: `axis ${axis} has ${extent} elements, which sizes ${JSON.stringify(sizes)} do not make up`,
      roles: ['x', 'sizes'],
      values: { x: x.shape, axis, sizes },
      fix: 'use a number of parts that divides the extent, or sizes that add up to it',
    });
  }
  let start = 0;
  return list.map((size) => {
    const begin = x.shape.map((_, at) => (at === axis ? start : 0));
    start += size;
    return slice(x, { begin, size: x.shape.map((own, at) => (at === axis ? size : own)) });
  });
}
