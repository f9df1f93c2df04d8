/** `gather` and its gradient: slices by index, and slices of a gradient added up at their indices. Each is the other's gradient. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { normalizeAxis, showShape, sizeOf } from '../../core/shape.js';
import { applyOne, type HostTensor, type TensorType, type Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import {
  type Candidate,
  inputArg,
  type LowerRequest,
  type OpDef,
  outputArg,
  scratchArg,
} from '../../ir/op.js';
import {
  type GatherExtents,
  gatherGradientScan,
  gatherGradientSorted,
  gather as gatherKernel,
  rankIndices,
} from '../../kernels/gather.js';
import { requireWords } from '../movement/geometry.js';
import { broadcastTo } from '../structural.js';

export interface GatherAttrs {
  readonly axis: number;
}

export interface GatherGradientAttrs extends GatherAttrs {
  /** Extent of the axis in the result. */
  readonly rows: number;
}

/** From this many elements of a slice of the table on, sorting the indices first beats scanning them per element. */
const SORT_FROM = 2 ** 16;

/** y[…o, k…, …c] = x[…o, indices[k…], …c], indices clamped to the axis. */
export const gatherOp: OpDef<GatherAttrs> = {
  name: 'gather',
  infer(inputs, { axis }) {
    const [x, indices] = pair('gather', inputs);
    requireWords('gather', 'x', x);
    if (x.shape[axis] === 0 && sizeOf(indices.shape) > 0) {
      throw new HeddleError({
        op: 'gather',
        message: `axis ${axis} of x ${showShape(x.shape)} is empty, there is nothing to take`,
        roles: ['x', 'indices'],
        values: { x: x.shape, indices: indices.shape, axis },
        fix: 'gather from a tensor with rows in it',
      });
    }
    return [
      { shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], dtype: x.dtype },
    ];
  },
  vjp({ attrs: { axis }, inputs: [x, indices], dys: [dy], needs: [needed] }) {
    if (!x || !indices || !dy || !needed || x.dtype !== 'float32') return [null, null];
    return [gatherGradient(dy, indices, { axis, rows: x.shape[axis] as number }), null];
  },
  reference([x, indices], [y], { axis }) {
    if (!x || !indices || !y) return;
    eachSlice(gatherExtents(x, indices, axis), indices, (table, slice) => {
      y.data[slice] = x.data[table] as number;
    });
  },
  candidates({ inputs, attrs }) {
    const [x, indices] = pair('gather', inputs);
    const launch = gatherKernel('gather', gatherExtents(x, indices, attrs.axis));
    return [
      {
        key: 'gather',
        lower: () => ({
          scratch: [],
          dispatches: [{ launch, args: [inputArg(0), inputArg(1), outputArg(0)] }],
        }),
      },
    ];
  },
};

/** dx[…o, r, …c] = Σ over k with indices[k] = r of dy[…o, k…, …c], in the order of k. */
export const gatherGradientOp: OpDef<GatherGradientAttrs> = {
  name: 'gatherGradient',
  infer(inputs, { axis, rows }) {
    const [dy, indices] = pair('gatherGradient', inputs);
    const { shape } = indices;
    const fits = shape.every((extent, at) => dy.shape[axis + at] === extent);
    if (dy.dtype !== 'float32' || !fits || !Number.isInteger(rows) || rows < 1) {
      throw new HeddleError({
        op: 'gatherGradient',
        message:
          `dy ${dy.dtype} ${showShape(dy.shape)} is not the gradient of rows taken by indices ${showShape(shape)} along ` +
          `axis ${axis} of ${rows} rows`,
        roles: ['dy', 'indices', 'rows'],
        values: { dy: dy.shape, indices: shape, axis, rows },
        fix: 'pass a float32 dy of the shape that gather() gave, and the extent of its axis as rows',
      });
    }
    return [
      {
        shape: [...dy.shape.slice(0, axis), rows, ...dy.shape.slice(axis + shape.length)],
        dtype: 'float32',
      },
    ];
  },
  vjp({ attrs: { axis }, inputs: [, indices], dys: [ddx], needs: [needed] }) {
    return [indices && ddx && needed ? gather(ddx, indices, { axis }) : null, null];
  },
  reference([dy, indices], [dx], { axis }) {
    if (!dy || !indices || !dx) return;
    const sums = new Float64Array(dx.data.length);
    eachSlice(gatherExtents(dx, indices, axis), indices, (table, slice) => {
      sums[table] = (sums[table] as number) + (dy.data[slice] as number);
    });
    dx.data.set(sums);
  },
  magnitude([dy, indices], [dx], { axis }) {
    if (!dy || !indices || !dx) return;
    const sums = new Float64Array(dx.data.length);
    eachSlice(gatherExtents(dx, indices, axis), indices, (table, slice) => {
      sums[table] = (sums[table] as number) + Math.abs(dy.data[slice] as number);
    });
    dx.data.set(sums);
  },
  terms: ([, indices]) => sizeOf(indices?.shape ?? []),
  candidates: gatherGradientCandidates,
};

function gatherGradientCandidates(request: LowerRequest<GatherGradientAttrs>): Candidate[] {
  const [, indices] = pair('gatherGradient', request.inputs);
  const [dx] = request.outputs;
  if (!dx) return [];
  const extents = gatherExtents(dx, indices, request.attrs.axis);
  const { count, rows, inner } = extents;
  const list: TensorType = { shape: [count], dtype: 'uint32' };
  const scan: Candidate = {
    key: 'gather_gradient_scan',
    lower: () => ({
      scratch: [],
      dispatches: [
        {
          launch: gatherGradientScan('gatherGradient', extents),
          args: [inputArg(0), inputArg(1), outputArg(0)],
        },
      ],
    }),
  };
  const sorted: Candidate = {
    key: 'gather_gradient_sorted',
    lower: () => ({
      scratch: [list, list],
      dispatches: [
        {
          launch: rankIndices('gatherGradient', count, rows),
          args: [inputArg(1), scratchArg(0), scratchArg(1)],
        },
        {
          launch: gatherGradientSorted('gatherGradient', extents),
          args: [inputArg(0), scratchArg(0), scratchArg(1), outputArg(0)],
        },
      ],
    }),
  };
  return rows * inner >= SORT_FROM ? [sorted, scan] : [scan, sorted];
}

/** The table as [outer, rows, inner], its indices as [count]. */
function gatherExtents(table: TensorType, indices: TensorType, axis: number): GatherExtents {
  return {
    outer: sizeOf(table.shape.slice(0, axis)),
    rows: table.shape[axis] as number,
    inner: sizeOf(table.shape.slice(axis + 1)),
    count: sizeOf(indices.shape),
  };
}

/** Visits all pairs of an element of the table [outer, rows, inner] and one of the slices [outer, count, inner], k rising. */
function eachSlice(
  { outer, rows, inner, count }: GatherExtents,
  indices: HostTensor,
  visit: (table: number, slice: number) => void,
): void {
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < count; k++) {
      const row = Math.min(Math.max(indices.data[k] as number, 0), rows - 1);
      for (let c = 0; c < inner; c++) visit((o * rows + row) * inner + c, (o * count + k) * inner + c);
    }
  }
}

function pair(op: string, inputs: readonly TensorType[]): [TensorType, TensorType] {
  const [x, indices] = inputs;
  if (x && indices && inputs.length === 2 && indices.dtype === 'int32') return [x, indices];
  throw new HeddleError({
    op,
    message: `takes a tensor and int32 indices, got ${inputs.map((each) => each.dtype).join(', ')}`,
    roles: ['x', 'indices'],
    values: { dtypes: inputs.map((each) => each.dtype) },
    fix: "cast(indices, 'int32')",
  });
}

export interface GatherOptions {
  /** Axis of `x` that the indices count along. Default 0. */
  readonly axis?: number;
}

/**
 * The slices of `x` that int32 `indices` (of any shape) name along `axis`; their axes take its place. Indices are clamped to the
 * axis. Throws a `HeddleError` for indices that are not int32, an empty axis and uint8 data.
 */
export function gather(x: Value, indices: Value, options: GatherOptions = {}): Value {
  rejectUnknownOptions('gather', options, ['axis']);
  const axis = normalizeAxis('gather', options.axis ?? 0, x.shape.length);
  return applyOne(gatherOp, [x, indices], { axis });
}

export interface GatherGradientOptions {
  /** The axis of `gather`, counted from 0. Default 0. */
  readonly axis?: number;
  /** The extent of that axis in the table. */
  readonly rows: number;
}

/**
 * The gradient of `gather` with respect to its table, given the gradient `dy` of its result: rows that no index names are 0,
 * those that several name get the sum, in the order of the indices. Throws a `HeddleError` where shapes do not fit.
 */
export function gatherGradient(dy: Value, indices: Value, options: GatherGradientOptions): Value {
  rejectUnknownOptions('gatherGradient', options, ['axis', 'rows']);
  const attrs = { axis: options.axis ?? 0, rows: options.rows };
  if (sizeOf(dy.shape) > 0) return applyOne(gatherGradientOp, [dy, indices], attrs);
  const [type = dy] = gatherGradientOp.infer([dy, indices], attrs);
  return broadcastTo(scalar(0), type.shape);
}
