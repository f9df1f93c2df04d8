/** Random flips of images. */

import { ops, type Tensor, unknownName } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { imageShape } from '../windows.js';
import { drawn, mapsOf, ownSeed } from './augmentation-parts.js';
import { floatDtype } from './common-dtype.js';

const MODES = ['horizontal', 'vertical', 'horizontalAndVertical'] as const;

export interface RandomFlipOptions {
  /** `'horizontal'` (left and right change places), `'vertical'`, or `'horizontalAndVertical'`. Default: both. */
  readonly mode?: (typeof MODES)[number];
  /** An unsigned 32-bit integer. Default: the model's. */
  readonly seed?: number;
}

/**
 * While training, flips each image [batch, H, W, C] along each axis of `mode` with probability ½, anew at each step; otherwise x. What is
 * flipped depends on seed, layer and step alone. Throws a HeddleError for an unknown mode.
 */
export const randomFlip = defineLayer<RandomFlipOptions>({
  type: 'randomFlip',
  options: ['mode', 'seed'],
  create({ mode = 'horizontalAndVertical', seed }, label) {
    if (!MODES.includes(mode)) throw unknownName(label, 'mode', String(mode), MODES);
    const own = ownSeed(label, seed);
    return {
      outputShape: (inputs) => imageShape(label, inputs),
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      call([input], _, context) {
        const x = input as Tensor;
        if (!context.training) return x;
        const [batch = 0, height = 1, width = 1] = x.shape;
        /** Step and start along an axis: forwards from 0, or backwards from the end. */
        const axis = (flips: boolean, extent: number, which: number): [Tensor | number, Tensor | number] => {
          if (!flips) return [1, 0];
          const flipped = ops.less(drawn(batch, [0, 1], which, own, context), 0.5);
          return [ops.select(flipped, -1, 1), ops.select(flipped, extent - 1, 0)];
        };
        const [down, top] = axis(mode !== 'horizontal', height, 0);
        const [along, left] = axis(mode !== 'vertical', width, 1);
        return ops.affineSample(x, mapsOf(batch, [down, 0, top, 0, along, left]), {
          interpolation: 'nearest',
        });
      },
    };
  },
});
