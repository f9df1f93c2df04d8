/** Random crops of images. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer } from '../layer.js';
import { showFree } from '../shapes.js';
import { imageShape } from '../windows.js';
import { drawn, mapsOf, ownSeed } from './augmentation-parts.js';
import { floatDtype } from './common-dtype.js';

export interface RandomCropOptions {
  /** Of the result, a positive integer. */
  readonly height: number;
  /** Of the result, a positive integer. */
  readonly width: number;
  /** An unsigned 32-bit integer. Default: the model's. */
  readonly seed?: number;
}

/**
 * [batch, H, W, C] → [batch, height, width, C]: while training, a block at a place of its own for each image, anew at each step; otherwise
 * the block in the middle. The places depend on seed, layer and step alone.
 *
 * @throws HeddleError for extents that are no positive integers, and images that are smaller.
 */
export const randomCrop = defineLayer<RandomCropOptions>({
  type: 'randomCrop',
  options: ['height', 'width', 'seed'],
  create(options, label) {
    const size = [
      checkedCount(label, 'height', options.height),
      checkedCount(label, 'width', options.width),
    ] as const;
    const own = ownSeed(label, options.seed);
    return {
      outputShape(inputs) {
        const shape = imageShape(label, inputs);
        const [batch = null, height = null, width = null, channels = null] = shape;
        if ((height ?? size[0]) >= size[0] && (width ?? size[1]) >= size[1])
          return [batch, ...size, channels];
        throw new HeddleError({
          op: label,
          message: `input ${showFree(shape)} is smaller than the crop [${size.join(',')}]`,
          roles: ['input', 'height', 'width'],
          values: { input: shape, height: size[0], width: size[1] },
          fix: 'crop less, or pad or enlarge the images first',
        });
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      call([input], _, context) {
        const x = input as Tensor;
        const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
        const room = [height - size[0], width - size[1]] as const;
        if (!context.training) {
          const [top, left] = room.map((cells) => Math.floor(cells / 2)) as [number, number];
          return ops.slice(x, { begin: [0, top, left, 0], size: [batch, ...size, channels] });
        }
        const start = (axis: 0 | 1): Tensor =>
          ops.minimum(ops.floor(drawn(batch, [0, room[axis] + 1], axis, own, context)), room[axis]);
        const maps = mapsOf(batch, [1, 0, start(0), 0, 1, start(1)]);
        return ops.affineSample(x, maps, { size, interpolation: 'nearest' });
      },
    };
  },
});
