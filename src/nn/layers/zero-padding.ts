/** Zero padding: images with a border of zeros. */

import { ops, type Tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { checkedSides, imageShape, type Pair, type Sides } from '../windows.js';

export interface ZeroPadding2dOptions {
  /** Rows and columns of zeros: one number, [vertical, horizontal], or [[top, bottom], [left, right]]. Default 1. */
  readonly padding?: number | Pair | Sides;
}

/** [batch, H, W, C] → [batch, top + H + bottom, left + W + right, C]. Throws a HeddleError for numbers that are no integers ≥ 0. */
export const zeroPadding2d = defineLayer<ZeroPadding2dOptions>({
  type: 'zeroPadding2d',
  options: ['padding'],
  create({ padding = 1 }, label) {
    const [vertical, horizontal] = checkedSides(label, 'padding', padding);
    return {
      outputShape(inputs) {
        const [batch = null, height = null, width = null, channels = null] = imageShape(label, inputs);
        const grown = (extent: number | null, [before, after]: Pair): number | null =>
          extent === null ? null : before + extent + after;
        return [batch, grown(height, vertical), grown(width, horizontal), channels];
      },
      outputDtype: ([dtype = 'float32']) => dtype,
      call: ([x]) => ops.pad(x as Tensor, { paddings: [[0, 0], vertical, horizontal, [0, 0]] }),
    };
  },
});
