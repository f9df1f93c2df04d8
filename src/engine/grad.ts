/** Gradients as tensors: ordinary nodes, so that gradients of gradients work. */

import { gradients } from '../compiler/autodiff.js';
import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { sameShape, showShape } from '../core/shape.js';
import { canonical, type Value } from '../ir/graph.js';
import { scalar } from '../ir/leaves.js';
import { broadcastTo } from '../ops/index.js';
import { Tensor } from './tensor.js';

export interface GradOptions {
  /** The cotangent of `y`, of its shape. Default: ones, so that a `y` that is no scalar is summed. */
  readonly dy?: Value;
}

/**
 * ∂(Σ dy·y)/∂x for each `x` of `wrt`: the gradient of `y` to tensors that it was computed from. Zeros for an `x` that `y` does not
 * depend on.
 *
 * @throws HeddleError where `y` or an `x` is not a float tensor, `dy` has another shape, an op on the way has no gradient,
 * or an option is unknown.
 */
export function grad(y: Value, wrt: Value, options?: GradOptions): Tensor;
export function grad(y: Value, wrt: readonly Value[], options?: GradOptions): Tensor[];
export function grad(y: Value, wrt: Value | readonly Value[], options: GradOptions = {}): Tensor | Tensor[] {
  rejectUnknownOptions('grad', options, ['dy']);
  const list = Array.isArray(wrt) ? (wrt as readonly Value[]) : [wrt as Value];
  assertFloat('y', y);
  for (const [index, x] of list.entries()) assertFloat(`wrt[${index}]`, x);
  const { dy } = options;
  if (dy && !sameShape(dy.shape, y.shape)) {
    throw new HeddleError({
      op: 'grad',
      message: `dy is ${showShape(dy.shape)}, y is ${showShape(y.shape)}`,
      roles: ['dy', 'y'],
      values: { dy: dy.shape, y: y.shape },
      fix: 'give the cotangent the shape of y',
    });
  }
  const results = gradients([canonical(y)], [dy ? canonical(dy) : null], list.map(canonical));
  const tensors = list.map((x, index) => new Tensor(results[index] ?? broadcastTo(scalar(0), x.shape)));
  return Array.isArray(wrt) ? tensors : (tensors[0] as Tensor);
}

function assertFloat(role: string, value: Value): void {
  if (value.dtype === 'float32') return;
  throw new HeddleError({
    op: 'grad',
    message: `${role} is ${value.dtype}; only float32 tensors have gradients`,
    roles: [role],
    values: { dtype: value.dtype },
    fix: 'cast it to float32 before the computation',
  });
}
