/** New values for all weights of a model at once: all checked before the first is written. */

import { type ArrayLike, HeddleError, toHostTensor, type Variable } from '../engine/index.js';

/** `values` to `weights`, one to one. Throws a HeddleError for another number of them and for shapes that differ. */
export function assignWeights(
  model: string,
  weights: readonly Variable[],
  values: readonly ArrayLike[],
): void {
  if (values.length !== weights.length) {
    throw new HeddleError({
      op: 'setWeights',
      message: `got ${values.length} values, model '${model}' has ${weights.length} weights`,
      roles: ['values'],
      values: { given: values.length, weights: weights.map(({ name }) => name) },
      fix: 'pass one value for each weight, in the order of getWeights()',
    });
  }
  const checked = weights.map((weight, index) => checkedValue(weight, values[index] as ArrayLike));
  weights.forEach((weight, index) => {
    weight.assign(checked[index] as ArrayLike);
  });
}

function checkedValue(weight: Variable, value: ArrayLike): ArrayLike {
  const host = toHostTensor(value, {
    op: 'setWeights',
    role: weight.name,
    dtype: weight.dtype,
    ...(ArrayBuffer.isView(value) ? { shape: weight.shape } : {}),
  });
  const same =
    host.shape.length === weight.shape.length && host.shape.every((n, axis) => n === weight.shape[axis]);
  if (same) return host;
  throw new HeddleError({
    op: 'setWeights',
    message: `weight '${weight.name}' has shape [${weight.shape.join(',')}], the value [${host.shape.join(',')}]`,
    roles: [weight.name],
    values: { weight: weight.shape, value: host.shape },
    fix: 'pass the values in the order of getWeights()',
  });
}
