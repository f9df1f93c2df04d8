/** Gaussian noise: a weak form of augmentation, for training alone. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { checkedFinite, checkedSeed } from '../checks.js';
import { defineLayer } from '../layer.js';
import { onlyShape } from '../shapes.js';
import { floatDtype } from './common-dtype.js';

export interface GaussianNoiseOptions {
  /** Standard deviation, at least 0. */
  readonly stddev: number;
  /** An unsigned 32-bit integer. Default: the model's. */
  readonly seed?: number;
}

/**
 * While training: y = x + ε, ε normal with mean 0 and standard deviation `stddev`, new at each step; otherwise x. The noise depends on seed,
 * layer and step alone.
 *
 * @throws HeddleError for a standard deviation that is negative or not finite, and inputs that are not float32.
 */
export const gaussianNoise = defineLayer<GaussianNoiseOptions>({
  type: 'gaussianNoise',
  options: ['stddev', 'seed'],
  create(options, label) {
    const stddev = checkedFinite(label, 'stddev', options.stddev);
    const own = options.seed === undefined ? null : checkedSeed(label, options.seed);
    if (stddev < 0) {
      throw new HeddleError({
        op: label,
        message: `stddev is ${stddev}`,
        roles: ['stddev'],
        values: { stddev },
        fix: 'pass a number that is at least 0',
      });
    }
    return {
      keepsMask: true,
      outputShape: (inputs) => onlyShape(label, inputs),
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      call([x], _, { training, seed, stream, counter }) {
        const values = x as Tensor;
        if (!training || stddev === 0) return values;
        return ops.add(values, ops.normal(values.shape, { stddev, seed: own ?? seed, stream, counter }));
      },
    };
  },
});
