/** Repeat vector: the same features at every step, for a decoder to begin from. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer } from '../layer.js';
import { onlyShape, showFree } from '../shapes.js';

export interface RepeatVectorOptions {
  /** Steps of the output, a positive integer. */
  readonly n: number;
}

/** [batch, features] → [batch, n, features]. Throws a HeddleError for an `n` that is no positive integer and inputs of another rank. */
export const repeatVector = defineLayer<RepeatVectorOptions>({
  type: 'repeatVector',
  options: ['n'],
  create(options, label) {
    const n = checkedCount(label, 'n', options.n);
    return {
      outputShape(inputs) {
        const shape = onlyShape(label, inputs);
        const [batch = null, features = null] = shape;
        if (shape.length === 2) return [batch, n, features];
        throw new HeddleError({
          op: label,
          message: `input ${showFree(shape)} has rank ${shape.length}, 2 is needed`,
          roles: ['input'],
          values: { input: shape },
          fix: 'give it [batch, features]: a recurrent layer without returnSequences, or flatten()',
        });
      },
      outputDtype: ([dtype = 'float32']) => dtype,
      call([x]) {
        const [batch = 0, features = 0] = (x as Tensor).shape;
        return ops.broadcastTo(ops.expandDims(x as Tensor, { axis: 1 }), [batch, n, features]);
      },
    };
  },
});
