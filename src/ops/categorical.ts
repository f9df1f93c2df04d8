/** Sampling from a categorical distribution by the Gumbel-max trick: the largest of logits + Gumbel noise. */

import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import type { Value } from '../ir/graph.js';
import { add, gumbel, mul, type RandomOptions } from './pointwise/index.js';
import { argMax } from './reduce.js';

export interface CategoricalOptions extends RandomOptions {
  /** Divides the logits: below 1 sharpens, above 1 flattens. Positive. Default 1. */
  readonly temperature?: number;
}

/**
 * One index per row of `logits` [..., classes], drawn with probabilities softmax(logits / temperature): int32 [...]. No
 * gradient flows. Throws a `HeddleError` for a scalar, for logits that are not float32, and for a temperature that is not
 * positive.
 */
export function categorical(logits: Value, options: CategoricalOptions = {}): Value {
  const { temperature = 1, ...random } = options;
  rejectUnknownOptions('categorical', random, ['seed', 'stream', 'counter']);
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new HeddleError({
      op: 'categorical',
      message: `temperature is ${temperature}`,
      roles: ['temperature'],
      values: { temperature },
      fix: 'use a positive number; argMax(logits) is the limit at 0',
    });
  }
  if (logits.shape.length === 0 || logits.dtype !== 'float32') {
    throw new HeddleError({
      op: 'categorical',
      message: `logits are ${logits.dtype} [${logits.shape.join(',')}]`,
      roles: ['logits'],
      values: { shape: logits.shape, dtype: logits.dtype },
      fix: 'pass float32 of shape [..., classes]',
    });
  }
  const scaled = temperature === 1 ? logits : mul(logits, 1 / temperature);
  return argMax(add(scaled, gumbel(logits.shape, random)), { axis: -1 });
}
