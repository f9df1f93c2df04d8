/** Upsampling: larger images, without weights. */

import { ops, type Tensor, unknownName } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { checkedPair, imageShape, type Pair } from '../windows.js';

const INTERPOLATIONS = ['nearest', 'bilinear'] as const;

export interface UpSampling2dOptions {
  /** How many times as high and wide, one number or [height, width]. Default 2. */
  readonly size?: number | Pair;
  /** `'nearest'` repeats cells, `'bilinear'` draws lines between their centres. Default `'nearest'`. */
  readonly interpolation?: (typeof INTERPOLATIONS)[number];
}

/** [batch, H, W, C] → [batch, H·size, W·size, C]. Throws a HeddleError for sizes that are no positive integers, and unknown interpolations. */
export const upSampling2d = defineLayer<UpSampling2dOptions>({
  type: 'upSampling2d',
  options: ['size', 'interpolation'],
  create({ size = 2, interpolation = 'nearest' }, label) {
    const factors = checkedPair(label, 'size', size);
    if (!INTERPOLATIONS.includes(interpolation)) {
      throw unknownName(label, 'interpolation', String(interpolation), INTERPOLATIONS);
    }
    return {
      outputShape(inputs) {
        const [batch = null, height = null, width = null, channels = null] = imageShape(label, inputs);
        const times = (extent: number | null, factor: number): number | null =>
          extent === null ? null : extent * factor;
        return [batch, times(height, factors[0]), times(width, factors[1]), channels];
      },
      outputDtype: ([dtype = 'float32']) => dtype,
      call: ([x]) => ops.upSampling(x as Tensor, { size: factors, interpolation }),
    };
  },
});
