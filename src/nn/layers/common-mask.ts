/** The mask of what several masked sequences become together. */

import { ops, type Tensor } from '../../engine/index.js';
import type { Masks } from '../layer-definition.js';

/** A step counts where it counts in every input; inputs without a mask have their say nowhere. */
export const commonMask = (masks: Masks): Tensor | null =>
  masks.reduce<Tensor | null>(
    (common, mask) => (common && mask && common !== mask ? ops.mul(common, mask) : (common ?? mask)),
    null,
  );
