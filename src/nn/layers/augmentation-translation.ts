/** Random shifts of images. */

import { ops, type Tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { imageShape } from '../windows.js';
import {
  checkedRange,
  checkedSurround,
  drawn,
  mapsOf,
  ownSeed,
  SURROUND,
  type SurroundOptions,
} from './augmentation-parts.js';
import { floatDtype } from './common-dtype.js';

export interface RandomTranslationOptions extends SurroundOptions {
  /** How far down, as a share of the height: a number goes both ways, [least, most] says it exactly; negative is up. */
  readonly heightFactor: number | readonly [number, number];
  /** How far right, as a share of the width. */
  readonly widthFactor: number | readonly [number, number];
  /** An unsigned 32-bit integer. Default: the model's. */
  readonly seed?: number;
}

/**
 * While training, shifts each image [batch, H, W, C] by random shares of its height and width, anew at each step; otherwise x. The shifts
 * depend on seed, layer and step alone. Throws a HeddleError for factors that are no ranges, and unknown names.
 */
export const randomTranslation = defineLayer<RandomTranslationOptions>({
  type: 'randomTranslation',
  options: ['heightFactor', 'widthFactor', 'seed', ...SURROUND],
  create(options, label) {
    const down = checkedRange(label, 'heightFactor', options.heightFactor);
    const right = checkedRange(label, 'widthFactor', options.widthFactor);
    const surround = checkedSurround(label, options);
    const own = ownSeed(label, options.seed);
    return {
      outputShape: (inputs) => imageShape(label, inputs),
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      call([input], _, context) {
        const x = input as Tensor;
        if (!context.training) return x;
        const [batch = 0, height = 1, width = 1] = x.shape;
        // What moves down by s is found s cells further up.
        const start = (range: readonly [number, number], extent: number, which: number): Tensor =>
          ops.mul(drawn(batch, range, which, own, context), -extent);
        const maps = mapsOf(batch, [1, 0, start(down, height, 0), 0, 1, start(right, width, 1)]);
        return ops.affineSample(x, maps, surround);
      },
    };
  },
});
