/** Embedding: a row of numbers, learned, for each word, character or other token. */

import { ops, type Tensor, type Variable } from '../../engine/index.js';
import { checkedCount, checkedFlag } from '../checks.js';
import type { ConstraintSpec } from '../constraints/resolve.js';
import type { InitializerSpec } from '../initializers/resolve.js';
import { defineLayer } from '../layer.js';
import type { RegularizerSpec } from '../regularizers/resolve.js';
import { onlyShape } from '../shapes.js';
import { weightOptions, weightRules } from './weight-rules.js';

export interface EmbeddingOptions {
  /** How many tokens there are, that of padding included: ids are 0 … inputDim − 1. A positive integer. */
  readonly inputDim: number;
  /** Numbers for each token, a positive integer. */
  readonly outputDim: number;
  /** Whether id 0 is padding: its steps are masked in the layers that follow. Default `false`. */
  readonly maskZero?: boolean;
  /** Default `randomUniform`: −0.05 to 0.05. */
  readonly embeddingsInitializer?: InitializerSpec;
  /** A penalty on the whole table that training adds to the loss, and what it is held to after each step. Default none. */
  readonly embeddingsRegularizer?: RegularizerSpec;
  readonly embeddingsConstraint?: ConstraintSpec;
}

/**
 * y[b, t] = embeddings[ids[b, t]]: ids [batch, steps] or [batch], whole numbers, to [batch, steps, outputDim] or [batch, outputDim]. The
 * gradient adds up the rows of equal ids in a fixed order, so that the same seed gives the same bits.
 *
 * Ids outside 0 … inputDim − 1 that come from the host, to an input that feeds this layer, are an error before anything runs. On the
 * device nothing looks at them: there an id counts as the nearest one that is inside. An input of such ids is best made with `layers.input({
 * shape, dtype: 'int32' })`; data of bytes are fine, and a float32 input may hold whole numbers too.
 *
 * @throws HeddleError for `inputDim` and `outputDim` that are no positive integers, and unknown names of rules.
 */
export const embedding = defineLayer<EmbeddingOptions, Variable>({
  type: 'embedding',
  options: ['inputDim', 'outputDim', 'maskZero', ...weightOptions('embeddings')],
  inputDtype: 'int32',
  otherNames: {
    inputLength: 'leave it out; as the first layer it has an inputShape: [length], or [null] for any',
  },
  create(options, label) {
    const inputDim = checkedCount(label, 'inputDim', options.inputDim);
    const outputDim = checkedCount(label, 'outputDim', options.outputDim);
    const maskZero = checkedFlag(label, 'maskZero', options.maskZero ?? false);
    const rules = weightRules(label, 'embeddings', options, 'randomUniform');
    return {
      outputShape: (inputs) => [...onlyShape(label, inputs), outputDim],
      accepts: () => [
        {
          least: 0,
          most: inputDim - 1,
          what: 'token id',
          fix: 'give inputDim one more than the largest id, or map unknown tokens to an id of their own',
        },
      ],
      build: (weights) => rules.add(weights, [inputDim, outputDim]),
      call: ([ids], embeddings) => ops.gather(embeddings, ops.cast(ids as Tensor, 'int32'), { axis: 0 }),
      mask(_, [ids]) {
        const { shape } = ids as Tensor;
        return maskZero && shape.length === 2 ? ops.cast(ops.notEqual(ids as Tensor, 0), 'float32') : null;
      },
    };
  },
});
