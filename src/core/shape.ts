/** Shapes: row-major, outermost dimension first. Pure arithmetic on lists of extents. */

import { HeddleError } from './errors.js';

export type Shape = readonly number[];

/** Number of elements; 1 for a scalar (`[]`). */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

export const showShape = (shape: Shape): string => `[${shape.join(',')}]`;

/** The NumPy broadcast of all `shapes`, or `null` where they do not fit. */
export function tryBroadcast(shapes: readonly Shape[]): number[] | null {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const at = rank - shape.length + axis;
      const extent = shape[axis] ?? 1;
      if (extent === 1 || extent === result[at]) continue;
      if (result[at] !== 1) return null;
      result[at] = extent;
    }
  }
  return result;
}

/** The NumPy broadcast of all `shapes`; throws a `HeddleError` that names `op` where they do not fit. */
export function broadcastShapes(op: string, shapes: readonly Shape[]): number[] {
  const result = tryBroadcast(shapes);
  if (result) return result;
  throw new HeddleError({
    op,
    message: `shapes ${shapes.map(showShape).join(' and ')} do not broadcast`,
    roles: shapes.map((_, index) => `input ${index}`),
    values: { shapes },
    fix: 'make trailing dimensions equal, or 1; use reshape() to add dimensions of 1',
  });
}

/** Axis in `0 … rank − 1` from one that may be negative; throws where it lies outside. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const result = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && result >= 0 && result < rank) return result;
  throw new HeddleError({
    op,
    message: `axis ${axis} is outside a tensor of rank ${rank}`,
    roles: ['axis'],
    values: { axis, rank },
    fix: rank === 0 ? 'a scalar has no axes' : `use an integer from ${-rank} to ${rank - 1}`,
  });
}

/** Sorted distinct axes; `undefined` or `null` means all. */
export function normalizeAxes(
  op: string,
  axis: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, index) => index);
  const list = typeof axis === 'number' ? [axis] : axis;
  return [...new Set(list.map((one) => normalizeAxis(op, one, rank)))].sort((a, b) => a - b);
}
