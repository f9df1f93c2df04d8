/** Layer normalisation (Ba, Kiros and Hinton, 2016): each example by its own statistics. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { onlyShape } from '../shapes.js';
import { floatDtype } from './common-dtype.js';
import {
  checkedAxis,
  knownExtent,
  OTHER_NAMES,
  SCALE_AND_SHIFT,
  type ScaleAndShift,
  type ScaleAndShiftOptions,
  scaleAndShift,
} from './normalization-parts.js';

export interface LayerNormalizationOptions extends ScaleAndShiftOptions {
  /** One axis or several that are normalised together; not 0, the batch. Default -1. */
  readonly axis?: number | readonly number[];
}

/**
 * y = (x − μ) / √(σ² + epsilon) · gamma + beta, μ and σ² the mean and the variance of each example over `axis`; gamma and beta have the
 * extents of those axes. The same in training and inference.
 *
 * @throws HeddleError for an epsilon not above 0, axes outside the input or the batch's, and free extents there.
 */
export const layerNormalization = defineLayer<LayerNormalizationOptions, ScaleAndShift>({
  type: 'layerNormalization',
  options: ['axis', ...SCALE_AND_SHIFT],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const { axis = -1 } = options;
    const { epsilon, build } = scaleAndShift(label, options);
    const list: readonly number[] = Array.isArray(axis) ? axis : [axis];
    if (list.length === 0) {
      throw new HeddleError({
        op: label,
        message: 'axis is an empty list',
        roles: ['axis'],
        values: { axis },
        fix: 'name at least one axis, such as -1, the last',
      });
    }
    const axesOf = (shape: readonly (number | null)[]): number[] =>
      [...new Set(list.map((one) => checkedAxis(label, one, shape)))].sort((a, b) => a - b);
    return {
      keepsMask: true,
      outputShape(inputs) {
        const shape = onlyShape(label, inputs);
        axesOf(shape);
        return shape;
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const shape = onlyShape(label, inputs);
        return build(
          weights,
          axesOf(shape).map((at) => knownExtent(label, at, shape)),
        );
      },
      call([input], { gamma, beta }) {
        const x = input as Tensor;
        const axes = axesOf(x.shape);
        const spread = (weight: Tensor): Tensor =>
          axes.length === 1 && axes[0] === x.shape.length - 1
            ? weight
            : ops.reshape(
                weight,
                x.shape.map((extent, at) => (axes.includes(at) ? extent : 1)),
              );
        const [y] = ops.standardize(x, { axis: axes, epsilon });
        const scaled = gamma ? ops.mul(y as Tensor, spread(gamma)) : (y as Tensor);
        return beta ? ops.add(scaled, spread(beta)) : scaled;
      },
    };
  },
});
