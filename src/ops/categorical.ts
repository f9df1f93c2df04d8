/** Sampling from a categorical distribution by the Gumbel-max trick: the largest of logits + Gumbel noise. */

import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import type { Value } from '../ir/graph.js';
import { add, div, gumbel, maximum, mul, type RandomOptions } from './pointwise/index.js';
import { argMax } from './reduce.js';

export interface CategoricalOptions extends RandomOptions {
  /**
   * Divides the logits: below 1 sharpens, above 1 flattens. A positive number, or a float32 tensor: a scalar, or [..., 1] with one for each
   * row. A variable may change between runs of a compiled program. Default 1.
   */
  readonly temperature?: number | Value;
}

/** Below this a temperature from a tensor, which nobody looks at, counts as this much: the largest logit wins, as at the limit 0. */
const COLDEST = 1e-6;

/**
 * One index per row of `logits` [..., classes], drawn with probabilities softmax(logits / temperature): int32 [...]. No
 * gradient flows. Throws a `HeddleError` for a scalar, for logits that are not float32, and for a temperature that is not
 * positive, or a tensor of another dtype or shape.
 */
export function categorical(logits: Value, options: CategoricalOptions = {}): Value {
  const { temperature = 1, ...random } = options;
  rejectUnknownOptions('categorical', random, ['seed', 'stream', 'counter']);
  if (logits.shape.length === 0 || logits.dtype !== 'float32') {
    throw new HeddleError({
      op: 'categorical',
      message: `logits are ${logits.dtype} [${logits.shape.join(',')}]`,
      roles: ['logits'],
      values: { shape: logits.shape, dtype: logits.dtype },
      fix: 'pass float32 of shape [..., classes]',
    });
  }
  const scaled =
    typeof temperature === 'object' && temperature !== null
      ? div(logits, maximum(checkedRows(temperature, logits), COLDEST))
      : scaledBy(checkedNumber(temperature), logits);
  return argMax(add(scaled, gumbel(logits.shape, random)), { axis: -1 });
}

const scaledBy = (temperature: number, logits: Value): Value =>
  temperature === 1 ? logits : mul(logits, 1 / temperature);

function checkedNumber(temperature: number): number {
  if (temperature > 0 && Number.isFinite(temperature)) return temperature;
  throw new HeddleError({
    op: 'categorical',
    message: `temperature is ${temperature}`,
    roles: ['temperature'],
    values: { temperature },
    fix: 'use a positive number; argMax(logits) is the limit at 0',
  });
}

function checkedRows(temperature: Value, logits: Value): Value {
  const { shape, dtype } = temperature;
  const rows = [...logits.shape.slice(0, -1), 1].slice(-shape.length);
  const fits =
    shape.length <= logits.shape.length && shape.every((extent, at) => extent === 1 || extent === rows[at]);
  if (dtype === 'float32' && (shape.length === 0 || fits)) return temperature;
  throw new HeddleError({
    op: 'categorical',
    message: `temperature is ${dtype} [${shape.join(',')}], logits are [${logits.shape.join(',')}]`,
    roles: ['temperature', 'logits'],
    values: { temperature: shape, dtype, logits: logits.shape },
    fix: 'pass a number, a float32 scalar, or [..., 1]: one for each row',
  });
}
