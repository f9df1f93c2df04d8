/** Initializers that draw each element from one distribution, whatever the shape. */

import { HeddleError } from '../../core/errors.js';
import {
  checkNumber,
  checkOptions,
  elementwise,
  type Initializer,
  truncatedNormalNumber,
} from './initializer.js';

/**
 * Uniform from `minval` (default −0.05) to `maxval` (default 0.05). The upper bound is left out but for rounding to float32.
 *
 * @throws HeddleError where `minval` is greater than `maxval`.
 */
export function randomUniform(
  options: { readonly minval?: number; readonly maxval?: number } = {},
): Initializer {
  checkOptions('randomUniform', options, ['minval', 'maxval']);
  const minval = checkNumber('randomUniform', 'minval', options.minval ?? -0.05);
  const maxval = checkNumber('randomUniform', 'maxval', options.maxval ?? 0.05);
  if (minval > maxval) {
    throw new HeddleError({
      op: 'randomUniform',
      message: `minval ${minval} is greater than maxval ${maxval}`,
      roles: ['minval', 'maxval'],
      values: { minval, maxval },
      fix: 'swap them',
    });
  }
  return elementwise(
    'randomUniform',
    { minval, maxval },
    (random) => () => minval + (maxval - minval) * random.uniform(),
  );
}

export interface NormalOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation, at least 0; default 0.05. */
  readonly stddev?: number;
}

/** Normal with `mean` and `stddev`. */
export function randomNormal(options: NormalOptions = {}): Initializer {
  const { mean, stddev } = normalConfig('randomNormal', options);
  return elementwise('randomNormal', { mean, stddev }, (random) => () => mean + stddev * random.normal());
}

/**
 * Normal with `mean` and `stddev`, values further than 2 `stddev` from the mean drawn again. The result's own deviation is
 * therefore 0.88 `stddev`.
 */
export function truncatedNormal(options: NormalOptions = {}): Initializer {
  const { mean, stddev } = normalConfig('truncatedNormal', options);
  return elementwise(
    'truncatedNormal',
    { mean, stddev },
    (random) => () => mean + stddev * truncatedNormalNumber(random),
  );
}

function normalConfig(name: string, options: NormalOptions): { mean: number; stddev: number } {
  checkOptions(name, options, ['mean', 'stddev']);
  return {
    mean: checkNumber(name, 'mean', options.mean ?? 0),
    stddev: checkNumber(name, 'stddev', options.stddev ?? 0.05, 'nonNegative'),
  };
}
