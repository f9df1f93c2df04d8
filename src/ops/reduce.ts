/** Reductions beside `sum`: mean, max, min and the position of the maximum. */

import type { DType } from '../core/dtype.js';
import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { normalizeAxes, normalizeAxis, showShape, sizeOf } from '../core/shape.js';
import { applyOne, type TensorType, type Value } from '../ir/graph.js';
import type { OpDef } from '../ir/op.js';
import { cast, div, equal, mul } from './pointwise/index.js';
import { argMaxCandidates, reduceCandidates } from './reduce-lower.js';
import { type ReduceAttrs, type ReduceOptions, reducedCount, reshape, sum } from './structural.js';
import { onlyInput, reducedIndex, reducedShape } from './structural-index.js';

const COMPARABLE: readonly DType[] = ['float32', 'int32', 'uint32'];

export const maxOp: OpDef<ReduceAttrs> = extremeOp('max', Math.max);
export const minOp: OpDef<ReduceAttrs> = extremeOp('min', Math.min);

/** y[outer] = the largest (smallest) x[outer, reduced]. */
function extremeOp(name: 'max' | 'min', pick: (a: number, b: number) => number): OpDef<ReduceAttrs> {
  return {
    name,
    infer(inputs, { axes, keepDims }) {
      const x = onlyInput(name, inputs);
      requireComparable(name, x, axes);
      return [{ shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype }];
    },
    // Equal extremes share the cotangent equally: dx = [x = y] · dy / (how many x equal y).
    vjp({ inputs: [x], outputs: [y], attrs: { axes }, dys: [dy], needs: [needed] }) {
      if (!x || !y || !dy || !needed || x.dtype !== 'float32') return [null];
      const kept = reducedShape(x.shape, axes, true);
      const attained = cast(equal(x, reshape(y, kept)), 'float32');
      const share = div(reshape(dy, kept), sum(attained, { axis: axes, keepDims: true }));
      return [mul(attained, share)];
    },
    reference([x], [y], { axes }) {
      if (!x || !y) return;
      const at = reducedIndex(x.shape, axes);
      const seen = new Uint8Array(y.data.length);
      for (let i = 0; i < x.data.length; i++) {
        const value = x.data[i] as number;
        y.data[at(i)] = seen[at(i)] ? pick(y.data[at(i)] as number, value) : value;
        seen[at(i)] = 1;
      }
    },
    terms: ([x], { axes }) => reducedCount(x, axes),
    // An extreme moves no further than the element that moves furthest.
    carry([x], [errors], [y], { axes }) {
      const furthest = new Float64Array(y?.data.length ?? 0);
      const at = reducedIndex(x?.shape ?? [], axes);
      errors?.forEach((error, i) => {
        furthest[at(i)] = Math.max(furthest[at(i)] as number, error);
      });
      return [furthest];
    },
    fusion: { prologue: 0, epilogue: 0 },
    candidates: (request) => reduceCandidates(name, request, request.inputs[0]?.dtype ?? 'float32'),
  };
}

export interface ArgMaxAttrs {
  readonly axis: number;
}

/** y[outer] = the first r with x[outer, r] = max over q of x[outer, q]. */
export const argMaxOp: OpDef<ArgMaxAttrs> = {
  name: 'argMax',
  infer(inputs, { axis }) {
    const x = onlyInput('argMax', inputs);
    requireComparable('argMax', x, [axis]);
    return [{ shape: reducedShape(x.shape, [axis], false), dtype: 'int32' }];
  },
  vjp: () => [null],
  reference([x], [y], { axis }) {
    if (!x || !y) return;
    const at = reducedIndex(x.shape, [axis]);
    const inner = sizeOf(x.shape.slice(axis + 1));
    const extent = x.shape[axis] ?? 1;
    const largest = new Float64Array(y.data.length).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < x.data.length; i++) {
      const value = x.data[i] as number;
      if (value <= (largest[at(i)] as number)) continue;
      largest[at(i)] = value;
      y.data[at(i)] = Math.floor(i / inner) % extent;
    }
  },
  terms: ([x], { axis }) => reducedCount(x, [axis]),
  // Whatever may be as large as the maximum, within both errors, may be chosen: the position moves as far as that one lies.
  carry([x], [errors], [y], { axis }) {
    const furthest = new Float64Array(y?.data.length ?? 0);
    if (!x || !y || !errors) return [furthest];
    const at = reducedIndex(x.shape, [axis]);
    const inner = sizeOf(x.shape.slice(axis + 1));
    const extent = x.shape[axis] ?? 1;
    const surest = new Float64Array(y.data.length).fill(Number.NEGATIVE_INFINITY);
    const low = (i: number): number => (x.data[i] as number) - (errors[i] as number);
    for (let i = 0; i < x.data.length; i++) surest[at(i)] = Math.max(surest[at(i)] as number, low(i));
    for (let i = 0; i < x.data.length; i++) {
      if ((x.data[i] as number) + (errors[i] as number) < (surest[at(i)] as number)) continue;
      const distance = Math.abs((Math.floor(i / inner) % extent) - (y.data[at(i)] as number));
      furthest[at(i)] = Math.max(furthest[at(i)] as number, distance);
    }
    return [furthest];
  },
  fusion: { epilogue: 0 },
  candidates: argMaxCandidates,
};

/**
 * Mean over `axis` (default: all axes). float32 only. Throws a `HeddleError` for other dtypes, an axis outside the rank, and
 * an empty axis.
 */
export function mean(x: Value, options: ReduceOptions = {}): Value {
  rejectUnknownOptions('mean', options, ['axis', 'keepDims']);
  const count = reducedCount(x, normalizeAxes('mean', options.axis, x.shape.length));
  if (x.dtype !== 'float32') {
    throw new HeddleError({
      op: 'mean',
      message: `takes float32, got ${x.dtype} ${showShape(x.shape)}`,
      roles: ['x'],
      values: { dtype: x.dtype, shape: x.shape },
      fix: "cast(x, 'float32') first",
    });
  }
  requireElements('mean', x, count);
  return mul(sum(x, options), 1 / count);
}

/**
 * The largest element over `axis` (default: all axes), of float32, int32 or uint32. Its gradient goes to the elements that
 * attain it, in equal shares. Throws a `HeddleError` for other dtypes, an axis outside the rank, and an empty axis.
 */
export const max = (x: Value, options: ReduceOptions = {}): Value => extreme('max', maxOp, x, options);

/** The smallest element over `axis`; as `max` in everything else. */
export const min = (x: Value, options: ReduceOptions = {}): Value => extreme('min', minOp, x, options);

/**
 * The position of the largest element along `axis` (default -1: the last) as int32, the first one among equals. Without
 * gradient. Throws a `HeddleError` for bool and uint8, an axis outside the rank, and an empty axis.
 */
export function argMax(x: Value, options: { readonly axis?: number } = {}): Value {
  rejectUnknownOptions('argMax', options, ['axis']);
  return applyOne(argMaxOp, [x], { axis: normalizeAxis('argMax', options.axis ?? -1, x.shape.length) });
}

function extreme(name: string, op: OpDef<ReduceAttrs>, x: Value, options: ReduceOptions): Value {
  rejectUnknownOptions(name, options, ['axis', 'keepDims']);
  const axes = normalizeAxes(name, options.axis, x.shape.length);
  const keepDims = options.keepDims ?? false;
  requireComparable(name, x, axes);
  if (reducedCount(x, axes) === 1) return reshape(x, reducedShape(x.shape, axes, keepDims));
  return applyOne(op, [x], { axes, keepDims });
}

function requireComparable(op: string, x: TensorType, axes: readonly number[]): void {
  if (!COMPARABLE.includes(x.dtype)) {
    throw new HeddleError({
      op,
      message: `takes ${COMPARABLE.join(', ')}, got ${x.dtype} ${showShape(x.shape)}`,
      roles: ['x'],
      values: { dtype: x.dtype, shape: x.shape },
      fix: "cast(x, 'int32') first",
    });
  }
  requireElements(op, x, reducedCount(x, axes));
}

function requireElements(op: string, { shape }: TensorType, count: number): void {
  if (count > 0) return;
  throw new HeddleError({
    op,
    message: `there is no element along an empty axis of ${showShape(shape)}`,
    roles: ['x', 'axis'],
    values: { shape },
    fix: 'reduce over axes with at least one element',
  });
}
