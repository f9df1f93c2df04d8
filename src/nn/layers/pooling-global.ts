/** Pooling over whole images and sequences: one number for each channel. */

import { ops, type Tensor } from '../../engine/index.js';
import { checkedFlag } from '../checks.js';
import { defineLayer, type LayerFactory } from '../layer.js';
import { imageShape } from '../windows.js';
import { floatDtype } from './common-dtype.js';

export interface GlobalPoolingOptions {
  /** Keep the pooled axes with extent 1. Default `false`. */
  readonly keepDims?: boolean;
}

/** Over the axes between batch and channels of a tensor of `rank`. */
function globalPooling(
  type: string,
  rank: 3 | 4,
  pool: (x: Tensor, axes: readonly number[], mask: Tensor | null) => Tensor,
): LayerFactory<GlobalPoolingOptions> {
  return defineLayer<GlobalPoolingOptions>({
    type,
    options: ['keepDims'],
    create({ keepDims = false }, label) {
      const keeps = checkedFlag(label, 'keepDims', keepDims);
      const axes = rank === 4 ? [1, 2] : [1];
      return {
        outputShape(inputs) {
          const shape = imageShape(label, inputs, rank);
          const [batch = null] = shape;
          return [batch, ...(keeps ? axes.map(() => 1) : []), shape.at(-1) ?? null];
        },
        outputDtype: (dtypes) => floatDtype(label, dtypes),
        call([x], _, { masks: [mask = null] }) {
          const y = pool(x as Tensor, axes, mask);
          const [batch = 0] = y.shape;
          return keeps ? y : ops.reshape(y, [batch, y.shape.at(-1) as number]);
        },
      };
    },
  });
}

/** One window over everything: of equal cells the first gets the gradient, as in every max pooling. */
function maxOver(x: Tensor): Tensor {
  const [, height = 1, width = 1] = x.shape;
  return ops.maxPool(x, { poolSize: x.shape.length === 4 ? [height, width] : height });
}

const meanOver = (x: Tensor, axes: readonly number[]): Tensor => ops.mean(x, { axis: axes, keepDims: true });

/** The largest cell of each channel: [batch, H, W, C] → [batch, C]. The gradient goes to the first of equal cells. */
export const globalMaxPooling2d = globalPooling('globalMaxPooling2d', 4, maxOver);

/** The mean of each channel: [batch, H, W, C] → [batch, C]. */
export const globalAveragePooling2d = globalPooling('globalAveragePooling2d', 4, meanOver);

/** The largest step of each channel: [batch, L, C] → [batch, C]. The gradient goes to the first of equal steps. */
export const globalMaxPooling1d = globalPooling('globalMaxPooling1d', 3, maxOver);

/** The same over the steps that count; 0 where none does. */
function meanOfSteps(x: Tensor, axes: readonly number[], mask: Tensor | null): Tensor {
  if (!mask) return meanOver(x, axes);
  const sums = ops.sum(ops.mul(x, ops.expandDims(mask)), { axis: axes, keepDims: true });
  const counts = ops.maximum(ops.sum(mask, { axis: 1, keepDims: true }), 1);
  return ops.div(sums, ops.expandDims(counts));
}

/** The mean of each channel: [batch, L, C] → [batch, C]. Steps that are masked count nothing. */
export const globalAveragePooling1d = globalPooling('globalAveragePooling1d', 3, meanOfSteps);
