/** Cropping: images without their border. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { showFree } from '../shapes.js';
import { checkedSides, imageShape, type Pair, type Sides } from '../windows.js';

export interface Cropping2dOptions {
  /** Rows and columns to cut off: one number, [vertical, horizontal], or [[top, bottom], [left, right]]. Default 0. */
  readonly cropping?: number | Pair | Sides;
}

/**
 * [batch, H, W, C] → [batch, H − top − bottom, W − left − right, C].
 *
 * @throws HeddleError for numbers that are no integers ≥ 0, and for images of which nothing would be left.
 */
export const cropping2d = defineLayer<Cropping2dOptions>({
  type: 'cropping2d',
  options: ['cropping'],
  create({ cropping = 0 }, label) {
    const sides = checkedSides(label, 'cropping', cropping);
    return {
      outputShape(inputs) {
        const shape = imageShape(label, inputs);
        return shape.map((extent, axis) => {
          const [before, after] = sides[axis - 1] ?? [0, 0];
          const left = extent === null || axis === 3 ? extent : extent - before - after;
          if (left === null || left > 0 || axis === 0) return left;
          throw new HeddleError({
            op: label,
            message: `cropping [${before},${after}] leaves nothing of ${extent} cells; input ${showFree(shape)}`,
            roles: ['cropping', 'input'],
            values: { cropping: sides, input: shape },
            fix: 'cut off less',
          });
        });
      },
      outputDtype: ([dtype = 'float32']) => dtype,
      call([x]) {
        const [batch = 0, height = 0, width = 0, channels = 0] = (x as Tensor).shape;
        const [[top, bottom], [left, right]] = sides;
        const size = [batch, height - top - bottom, width - left - right, channels];
        return ops.slice(x as Tensor, { begin: [0, top, left, 0], size });
      },
    };
  },
});
