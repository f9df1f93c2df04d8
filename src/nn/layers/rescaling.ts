/** Rescaling: brings data into the range that training likes, as part of the model. */

import { ops, type Tensor } from '../../engine/index.js';
import { checkedFinite } from '../checks.js';
import { defineLayer } from '../layer.js';
import { onlyShape } from '../shapes.js';

export interface RescalingOptions {
  /** A finite number: 1 / 255 for images of bytes. */
  readonly scale: number;
  /** A finite number. Default 0. */
  readonly offset?: number;
}

/** y = x · scale + offset, of the same shape. Throws a HeddleError for numbers that are not finite. */
export const rescaling = defineLayer<RescalingOptions>({
  type: 'rescaling',
  options: ['scale', 'offset'],
  create(options, label) {
    const scale = checkedFinite(label, 'scale', options.scale);
    const offset = checkedFinite(label, 'offset', options.offset ?? 0);
    return {
      keepsMask: true,
      outputShape: (inputs) => onlyShape(label, inputs),
      call([x]) {
        const floats = ops.cast(x as Tensor, 'float32');
        const scaled = scale === 1 ? floats : ops.mul(floats, scale);
        return offset === 0 ? scaled : ops.add(scaled, offset);
      },
    };
  },
});
