/** From what a loss or a metric gives to one number for each example; under a mask, padded steps count nothing. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';

/** Whose values these are, for errors. */
export interface Source {
  readonly kind: 'loss' | 'metric';
  readonly name: string;
}

/** [batch, …] → [batch], averaged over the further axes. */
export function perExample(source: Source, value: Tensor, batch: number): Tensor {
  if (value.shape[0] !== batch || value.shape.length === 0) {
    throw refused(source, value, `${batch} examples`, {
      examples: batch,
      fix: 'return one value per example: reduce over the last axis, not over the batch',
    });
  }
  return meanFrom(1, value);
}

/** [batch, steps, …] → [batch]: the sum over the steps that count, each the mean of the further axes. */
export function overSteps(source: Source, value: Tensor, mask: Tensor): Tensor {
  const [batch = 0, steps = 0] = mask.shape;
  if (value.shape[0] !== batch || value.shape[1] !== steps) {
    throw refused(source, value, `${batch} examples of ${steps} steps, of which a mask says what counts`, {
      mask: mask.shape,
      fix: 'return one value per step, [batch, steps], or let the mask end before the output, in a layer that keeps none',
    });
  }
  return ops.sum(ops.mul(meanFrom(2, value), mask), { axis: 1 });
}

/**
 * [batch, steps, …] → [batch], whose mean over the batch is the mean over all steps of the batch that count; 0 where none does, as
 * in Keras 3.
 */
export function stepMeans(source: Source, value: Tensor, mask: Tensor): Tensor {
  const [batch = 1] = mask.shape;
  return ops.mul(overSteps(source, value, mask), ops.div(batch, ops.maximum(ops.sum(mask), 1)));
}

/** The mean over the axes from `first` on, in float32. */
function meanFrom(first: number, value: Tensor): Tensor {
  const floats = value.dtype === 'float32' ? value : ops.cast(value, 'float32');
  const rest = floats.shape.slice(first).map((_, index) => first + index);
  return rest.length > 0 ? ops.mean(floats, { axis: rest }) : floats;
}

function refused(
  { kind, name }: Source,
  { shape }: Tensor,
  expected: string,
  { fix, ...values }: { readonly fix: string; readonly [name: string]: unknown },
): HeddleError {
  return new HeddleError({
    op: `${kind} '${name}'`,
    message: `it gives shape [${shape.join(',')}] for ${expected}`,
    roles: [kind],
    values: { shape, ...values },
    fix,
  });
}
