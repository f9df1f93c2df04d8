/** What the ops that move data share: dtype rule, walking of coordinates, and axes that can be treated as one. */

import type { DType } from '../../core/dtype.js';
import { HeddleError } from '../../core/errors.js';
import { type Shape, showShape } from '../../core/shape.js';
import type { TensorType } from '../../ir/graph.js';

/** Movement kernels copy whole words. Throws for packed data. */
export function requireWords(op: string, role: string, { dtype, shape }: TensorType): void {
  if (dtype !== 'uint8') return;
  throw new HeddleError({
    op,
    message: `${role} has dtype uint8, which is packed four to a word; ${role} is ${showShape(shape)}`,
    roles: [role],
    values: { dtype, shape },
    fix: "cast(x, 'float32') or cast(x, 'int32') first",
  });
}

/** Throws unless `list` has one entry per axis of `x`. */
export function requirePerAxis(op: string, role: string, list: readonly unknown[], x: TensorType): void {
  if (list.length === x.shape.length) return;
  throw new HeddleError({
    op,
    message: `${role} has ${list.length} entries, x has ${x.shape.length} axes; x is ${showShape(x.shape)}`,
    roles: ['x', role],
    values: { x: x.shape, [role]: list },
    fix: `give ${role} one entry per axis of x`,
  });
}

/** Calls `visit` with the coordinates of every element of `shape` in row-major order, and its linear index. */
export function forEachElement(
  shape: Shape,
  visit: (coordinates: readonly number[], index: number) => void,
): void {
  const coordinates = shape.map(() => 0);
  if (shape.includes(0)) return;
  for (let index = 0; ; index++) {
    visit(coordinates, index);
    let axis = shape.length - 1;
    for (; axis >= 0; axis--) {
      const next = (coordinates[axis] as number) + 1;
      coordinates[axis] = next === shape[axis] ? 0 : next;
      if (next !== shape[axis]) break;
    }
    if (axis < 0) return;
  }
}

/** Σ coordinate · stride. */
export function dot(coordinates: readonly number[], strides: readonly number[]): number {
  let sum = 0;
  for (let axis = 0; axis < coordinates.length; axis++) {
    sum += (coordinates[axis] as number) * (strides[axis] as number);
  }
  return sum;
}

/**
 * Runs of axes that can be treated as one, because all but the first of a run are `whole` (no slice, no padding). Decided
 * without looking at extents, so that a batch of 1 takes the same kernel as any other.
 */
export function axisRuns(rank: number, whole: (axis: number) => boolean): number[][] {
  const runs: number[][] = [];
  for (let axis = 0; axis < rank; axis++) {
    const run = runs.at(-1);
    if (run && whole(axis)) run.push(axis);
    else runs.push([axis]);
  }
  return runs;
}

/** The word that stores `value`. */
export function wordOf(value: number, dtype: DType): number {
  const view = new DataView(new ArrayBuffer(4));
  if (dtype === 'float32') view.setFloat32(0, value);
  else if (dtype === 'bool') view.setUint32(0, value === 0 ? 0 : 1);
  else view.setInt32(0, value);
  return view.getUint32(0);
}
