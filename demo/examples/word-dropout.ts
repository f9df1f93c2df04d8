/** A layer of the demo's own: hides words, so that a model learns to do without them, and what an unknown word is worth. */

import { defineLayer, ops, type Tensor, tensor } from 'heddle';
import { PAD, UNKNOWN } from '../text/vocabulary.js';

/** While training, each word becomes `UNKNOWN` with probability `rate`; padding stays. Ids, int32 [batch, words] → the same. */
export const wordDropout = defineLayer<{ readonly rate: number }>({
  type: 'wordDropout',
  options: ['rate'],
  inputDtype: 'int32',
  create: ({ rate }) => ({
    outputShape: ([shape = []]) => shape,
    outputDtype: () => 'int32',
    call([x], _, { training, seed, stream, counter }) {
      const ids = x as Tensor;
      if (!training) return ids;
      const chosen = ops.bernoulli(ids.shape, { probability: rate, seed, stream, counter });
      const hidden = ops.logicalAnd(chosen, ops.notEqual(ids, PAD));
      return ops.select(hidden, tensor(Int32Array.of(UNKNOWN)), ids);
    },
  }),
});
