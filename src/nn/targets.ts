/** Brings targets into the form that a loss or metric computes with, or says why it cannot be. Nothing broadcasts in silence. */

import { HeddleError, ops, type Shape, type Tensor } from '../engine/index.js';

/** `yTrue` as float32 of the shape of `yPred`; either may lack a last axis of 1. */
export function targetLike(op: string, yTrue: Tensor, yPred: Tensor): Tensor {
  const floats = yTrue.dtype === 'float32' ? yTrue : ops.cast(yTrue, 'float32');
  if (same(yTrue.shape, yPred.shape)) return floats;
  if (same(withoutOne(yTrue.shape), withoutOne(yPred.shape))) return ops.reshape(floats, yPred.shape);
  throw misfit(op, yTrue, yPred, yPred.shape);
}

/** `yTrue` as int32 labels [batch, …] for `yPred` [batch, …, classes]. */
export function classesOf(op: string, yTrue: Tensor, yPred: Tensor): Tensor {
  const shape = yPred.shape.slice(0, -1);
  const labels = yTrue.dtype === 'int32' ? yTrue : ops.cast(yTrue, 'int32');
  if (same(yTrue.shape, shape)) return labels;
  if (same(yTrue.shape, [...shape, 1])) return ops.reshape(labels, shape);
  throw misfit(op, yTrue, yPred, shape);
}

/** The mean over the last axis, where there is one beside the batch. */
export const lastAxisMean = (values: Tensor): Tensor =>
  values.shape.length > 1 ? ops.mean(values, { axis: -1 }) : values;

const same = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);

const withoutOne = (shape: Shape): Shape =>
  shape.at(-1) === 1 && shape.length > 1 ? shape.slice(0, -1) : shape;

function misfit(op: string, yTrue: Tensor, yPred: Tensor, expected: Shape): HeddleError {
  return new HeddleError({
    op,
    message: `yTrue has shape [${yTrue.shape.join(',')}], predictions [${yPred.shape.join(',')}] need [${expected.join(',')}]`,
    roles: ['yTrue', 'yPred'],
    values: { yTrue: yTrue.shape, yPred: yPred.shape, expected },
    fix: 'reshape the targets, change the units of the last layer, or take another loss',
  });
}
