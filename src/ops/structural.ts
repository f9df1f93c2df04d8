/**
 * The three linear ops that carry broadcasting: `sum`, `broadcastTo` and `reshape`. Each one's gradient is made of the other
 * two, so they live in one file; elementwise ops import this file for their broadcast gradients, and it imports none of them.
 */

import type { DType } from '../core/dtype.js';
import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { normalizeAxes, type Shape, sameShape, showShape, sizeOf, tryBroadcast } from '../core/shape.js';
import { applyOne, type TensorType, type Value } from '../ir/graph.js';
import { scalar } from '../ir/leaves.js';
import { inputArg, type OpDef, outputArg } from '../ir/op.js';
import { requireIndexable } from '../kernels/attachment.js';
import { broadcast } from '../kernels/broadcast.js';
import { broadcastStrides, indexTerms, sumTerms } from './pointwise/broadcast-index.js';
import { reduceCandidates } from './reduce-lower.js';
import { broadcastIndex, onlyInput, reducedIndex, reducedShape } from './structural-index.js';

export interface ReduceAttrs {
  /** Sorted, distinct, from 0. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export interface ShapeAttrs {
  readonly shape: Shape;
}

export interface ReduceOptions {
  /** Default: all axes. Negative axes count from the end. */
  readonly axis?: number | readonly number[] | null;
  /** Keep reduced axes with extent 1. Default `false`. */
  readonly keepDims?: boolean;
}

const SUM_DTYPE: Readonly<Partial<Record<DType, DType>>> = {
  float32: 'float32',
  int32: 'int32',
  uint32: 'uint32',
  bool: 'int32',
};

/** y[outer] = Σ x[outer, reduced]. */
export const sumOp: OpDef<ReduceAttrs> = {
  name: 'sum',
  infer(inputs, { axes, keepDims }) {
    const { shape, dtype } = onlyInput('sum', inputs);
    const result = SUM_DTYPE[dtype];
    if (!result) {
      throw new HeddleError({
        op: 'sum',
        message: `cannot add elements of dtype ${dtype}`,
        roles: ['x'],
        values: { dtype, shape },
        fix: "cast(x, 'float32') or cast(x, 'int32') first",
      });
    }
    return [{ shape: reducedShape(shape, axes, keepDims), dtype: result }];
  },
  vjp({ inputs: [x], attrs, dys: [dy], needs: [needed] }) {
    if (!x || !dy || !needed || x.dtype !== 'float32') return [null];
    return [broadcastTo(reshape(dy, reducedShape(x.shape, attrs.axes, true)), x.shape)];
  },
  reference([x], [y], { axes }) {
    if (!x || !y) return;
    const sums = new Float64Array(y.data.length); // an int32 sum wraps where it is stored, as on the device
    const at = reducedIndex(x.shape, axes);
    for (let i = 0; i < x.data.length; i++) sums[at(i)] = (sums[at(i)] as number) + (x.data[i] as number);
    y.data.set(sums);
  },
  magnitude([x], [y], { axes }) {
    if (!x || !y) return;
    const sums = new Float64Array(y.data.length);
    const at = reducedIndex(x.shape, axes);
    for (let i = 0; i < x.data.length; i++)
      sums[at(i)] = (sums[at(i)] as number) + Math.abs(x.data[i] as number);
    y.data.set(sums);
  },
  terms: ([x], { axes }) => reducedCount(x, axes),
  fusion: { prologue: 0, epilogue: 0 },
  candidates: (request) =>
    reduceCandidates('sum', request, SUM_DTYPE[request.inputs[0]?.dtype ?? 'float32'] ?? 'float32'),
};

/** y[…] = x[…] repeated along axes of extent 1 and along new leading axes. */
export const broadcastOp: OpDef<ShapeAttrs> = {
  name: 'broadcastTo',
  infer(inputs, { shape }) {
    const x = onlyInput('broadcastTo', inputs);
    const fitted = tryBroadcast([x.shape, shape]);
    if (!fitted || !sameShape(fitted, shape)) {
      throw new HeddleError({
        op: 'broadcastTo',
        message: `shape ${showShape(x.shape)} does not broadcast to ${showShape(shape)}`,
        roles: ['x', 'shape'],
        values: { x: x.shape, shape },
        fix: 'make each trailing dimension of x equal to the target, or 1; use reshape() to add dimensions of 1',
      });
    }
    if (x.dtype === 'uint8') {
      throw new HeddleError({
        op: 'broadcastTo',
        message: 'cannot repeat packed uint8 elements',
        roles: ['x'],
        values: { dtype: x.dtype, shape: x.shape },
        fix: "cast(x, 'float32') first",
      });
    }
    return [{ shape, dtype: x.dtype }];
  },
  vjp({ inputs: [x], dys: [dy], needs: [needed] }) {
    return [x && dy && needed && x.dtype === 'float32' ? sumTo(dy, x.shape) : null];
  },
  reference([x], [y], { shape }) {
    if (!x || !y) return;
    const at = broadcastIndex(x.shape, shape);
    for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[at(i)] as number;
  },
  candidates: ({ inputs: [x], attrs: { shape } }) => {
    requireIndexable('broadcastTo', shape);
    const source = sumTerms(indexTerms('index', shape, broadcastStrides(x?.shape ?? [], shape), true));
    const args = [inputArg(0), outputArg(0)];
    const lower = () => ({ scratch: [], dispatches: [{ launch: broadcast(sizeOf(shape), source), args }] });
    return [{ key: 'broadcast', lower }];
  },
};

/** The same elements in the same order under another shape. */
export const reshapeOp: OpDef<ShapeAttrs> = {
  name: 'reshape',
  view: true,
  infer(inputs, { shape }) {
    const x = onlyInput('reshape', inputs);
    if (
      !shape.every((extent) => Number.isInteger(extent) && extent >= 0) ||
      sizeOf(shape) !== sizeOf(x.shape)
    ) {
      throw new HeddleError({
        op: 'reshape',
        message: `${showShape(x.shape)} has ${sizeOf(x.shape)} elements, ${showShape(shape)} does not`,
        roles: ['x', 'shape'],
        values: { x: x.shape, shape },
        fix: 'make the products of both shapes equal; one extent may be -1, to be worked out',
      });
    }
    return [{ shape, dtype: x.dtype }];
  },
  vjp({ inputs: [x], dys: [dy], needs: [needed] }) {
    return [x && dy && needed && x.dtype === 'float32' ? reshape(dy, x.shape) : null];
  },
  reference([x], [y]) {
    if (x && y) y.data.set(x.data);
  },
};

/** How many elements of `x` fold into one element of the result. */
export function reducedCount(x: TensorType | undefined, axes: readonly number[]): number {
  return sizeOf(axes.map((axis) => x?.shape[axis] ?? 1));
}

/**
 * Sum over `axis`. float32 gives float32, int32 and bool give int32, uint32 gives uint32. An empty axis sums to 0.
 * Throws a `HeddleError` for an axis outside the rank and for uint8 data.
 */
export function sum(x: Value, options: ReduceOptions = {}): Value {
  rejectUnknownOptions('sum', options, ['axis', 'keepDims']);
  const axes = normalizeAxes('sum', options.axis, x.shape.length);
  const keepDims = options.keepDims ?? false;
  if (reducedCount(x, axes) === 1 && SUM_DTYPE[x.dtype] === x.dtype) {
    return reshape(x, reducedShape(x.shape, axes, keepDims));
  }
  if (sizeOf(x.shape) === 0) {
    const [type] = sumOp.infer([x], { axes, keepDims });
    if (type) return broadcastTo(scalar(0, type.dtype), type.shape);
  }
  return applyOne(sumOp, [x], { axes, keepDims });
}

/**
 * The adjoint of `broadcastTo`: sums `x` over the axes that broadcasting from `shape` would repeat. `shape` must broadcast to
 * the shape of `x`.
 */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const added = x.shape.length - shape.length;
  const axes = x.shape.flatMap((extent, axis) =>
    axis < added || (extent !== 1 && shape[axis - added] === 1) ? [axis] : [],
  );
  if (added === 0) return sum(x, { axis: axes, keepDims: true });
  return reshape(sum(x, { axis: axes }), shape);
}

/** `x` repeated to `shape` by NumPy's rules. Throws a `HeddleError` where it does not fit. */
export function broadcastTo(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : applyOne(broadcastOp, [x], { shape: [...shape] });
}

/**
 * `x` under another shape of the same size; no element moves. One extent may be -1 and is worked out. Throws a `HeddleError`
 * where sizes differ.
 */
export function reshape(x: Value, shape: Shape): Value {
  const unknown = shape.indexOf(-1);
  const known = sizeOf(shape.filter((_, axis) => axis !== unknown));
  const extent = known === 0 ? 0 : sizeOf(x.shape) / known;
  const resolved = shape.map((one, axis) => (axis === unknown && Number.isInteger(extent) ? extent : one));
  return sameShape(x.shape, resolved) ? x : applyOne(reshapeOp, [x], { shape: resolved });
}

/** `x` with a new axis of extent 1 at `axis` of the result. Default -1: at the end. */
export function expandDims(x: Value, options: { readonly axis?: number } = {}): Value {
  rejectUnknownOptions('expandDims', options, ['axis']);
  const [at = 0] = normalizeAxes('expandDims', options.axis ?? -1, x.shape.length + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** `x` without the axes of extent 1 named by `axis`. Default: all of them. Throws where a named extent is not 1. */
export function squeeze(
  x: Value,
  options: { readonly axis?: number | readonly number[] | null } = {},
): Value {
  rejectUnknownOptions('squeeze', options, ['axis']);
  const named = normalizeAxes('squeeze', options.axis, x.shape.length);
  const everyAxis = options.axis === undefined || options.axis === null;
  const axes = everyAxis ? named.filter((axis) => x.shape[axis] === 1) : named;
  const wrong = axes.find((axis) => x.shape[axis] !== 1);
  if (wrong !== undefined) {
    throw new HeddleError({
      op: 'squeeze',
      message: `axis ${wrong} of ${showShape(x.shape)} has extent ${x.shape[wrong]}, not 1`,
      roles: ['x', 'axis'],
      values: { x: x.shape, axis: wrong },
      fix: 'name only axes of extent 1, or none to remove them all',
    });
  }
  return reshape(x, reducedShape(x.shape, axes, false));
}

/** `x` as [extent of the first axis, everything else]; a scalar becomes [1, 1]. */
export function flatten(x: Value): Value {
  const [batch = 1, ...rest] = x.shape;
  return reshape(x, [batch, sizeOf(rest)]);
}
