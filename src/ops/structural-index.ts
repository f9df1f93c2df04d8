/** Index arithmetic of reductions and broadcasts, for shape rules and the reference: plain, slow and obvious. */

import { HeddleError } from '../core/errors.js';
import { type Shape, stridesOf } from '../core/shape.js';
import type { TensorType } from '../ir/graph.js';

/** `shape` with `axes` removed, or kept with extent 1. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return shape.flatMap((extent, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [extent]));
}

/** From a linear index of a tensor of `shape` to the linear index of the element that it is reduced into. */
export function reducedIndex(shape: Shape, axes: readonly number[]): (index: number) => number {
  const strides = stridesOf(shape);
  const kept = stridesOf(reducedShape(shape, axes, true)).map((stride, axis) =>
    axes.includes(axis) ? 0 : stride,
  );
  return (index) => mapIndex(index, shape, strides, kept);
}

/** From a linear index of a tensor of `target` to the linear index of the element of `shape` that it repeats. */
export function broadcastIndex(shape: Shape, target: Shape): (index: number) => number {
  const added = target.length - shape.length;
  const own = stridesOf(shape);
  const source = target.map((_, axis) =>
    axis < added || shape[axis - added] === 1 ? 0 : (own[axis - added] ?? 0),
  );
  const strides = stridesOf(target);
  return (index) => mapIndex(index, target, strides, source);
}

/** Σ coordinate·target over the coordinates of linear `index` in a tensor of `shape` with `strides`. */
function mapIndex(
  index: number,
  shape: Shape,
  strides: readonly number[],
  target: readonly number[],
): number {
  let result = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const coordinate = Math.floor(index / (strides[axis] ?? 1)) % (shape[axis] ?? 1);
    result += coordinate * (target[axis] ?? 0);
  }
  return result;
}

/** The one input of a unary op. */
export function onlyInput(op: string, inputs: readonly TensorType[]): TensorType {
  const [x] = inputs;
  if (x && inputs.length === 1) return x;
  throw new HeddleError({
    op,
    message: `takes 1 input, got ${inputs.length}`,
    roles: ['x'],
    values: { inputs: inputs.length },
    fix: 'pass one value',
  });
}
