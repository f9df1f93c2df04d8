/** Dropout (Srivastava et al., 2014), scaled while training, so that inference does nothing. */

import { ops, type Tensor } from '../../engine/index.js';
import { checkedRate, checkedSeed } from '../checks.js';
import { defineLayer } from '../layer.js';
import { onlyShape } from '../shapes.js';
import { floatDtype } from './common-dtype.js';

export interface DropoutOptions {
  /** Share of elements that become 0, in [0, 1). */
  readonly rate: number;
  /** An unsigned 32-bit integer. Default: the model's. */
  readonly seed?: number;
}

/**
 * While training: each element 0 with probability `rate`, else x / (1 − rate); otherwise x. The mask depends on seed, layer and step
 * alone, and is made again in the backward pass, never stored.
 *
 * @throws HeddleError for a rate outside [0, 1) and inputs that are not float32.
 */
export const dropout = defineLayer<DropoutOptions>({
  type: 'dropout',
  options: ['rate', 'seed'],
  create(options, label) {
    const rate = checkedRate(label, 'rate', options.rate);
    const own = options.seed === undefined ? null : checkedSeed(label, options.seed);
    return {
      keepsMask: true,
      outputShape: (inputs) => onlyShape(label, inputs),
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      call([x], _, { training, seed, stream, counter }) {
        return training
          ? ops.dropout(x as Tensor, { rate, seed: own ?? seed, stream, counter })
          : (x as Tensor);
      },
    };
  },
});
