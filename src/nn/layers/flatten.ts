/** Flatten: one row of numbers for each example. */

import { ops, type Tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { onlyShape, sizeOfFree } from '../shapes.js';

/** [batch, …] → [batch, product of the rest], row-major; [batch] → [batch, 1]. */
export const flatten = defineLayer<Readonly<Record<never, never>>>({
  type: 'flatten',
  options: [],
  create: (_, label) => ({
    outputShape(inputs) {
      const [batch = null, ...rest] = onlyShape(label, inputs);
      return [batch, sizeOfFree(rest)];
    },
    outputDtype: ([dtype = 'float32']) => dtype,
    call([x]) {
      const [batch = 1, ...rest] = (x as Tensor).shape;
      return ops.reshape(x as Tensor, [batch, sizeOfFree(rest) ?? 0]);
    },
  }),
});
