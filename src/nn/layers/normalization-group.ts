/** Group normalisation (Wu and He, 2018): groups of channels of each example by their own statistics. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer } from '../layer.js';
import { onlyShape, showFree } from '../shapes.js';
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

export interface GroupNormalizationOptions extends ScaleAndShiftOptions {
  /** Into how many groups the channels, the last axis, are split; -1: each channel by itself. Default 32. */
  readonly groups?: number;
}

/**
 * y = (x − μ) / √(σ² + epsilon) · gamma + beta, μ and σ² the mean and the variance of each example's groups of neighbouring channels, over
 * all axes but batch and groups; gamma and beta have one number for each channel. The same in training and inference.
 *
 * @throws HeddleError for groups that do not divide the channels, an epsilon not above 0, and free channels.
 */
export const groupNormalization = defineLayer<GroupNormalizationOptions, ScaleAndShift>({
  type: 'groupNormalization',
  options: ['groups', ...SCALE_AND_SHIFT],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const groups = options.groups === -1 ? -1 : checkedCount(label, 'groups', options.groups ?? 32);
    const { epsilon, build } = scaleAndShift(label, options);
    return {
      keepsMask: true,
      outputShape(inputs) {
        const shape = onlyShape(label, inputs);
        const channels = shape[checkedAxis(label, -1, shape)] ?? null;
        if (channels === null || channels % groups === 0) return shape;
        throw new HeddleError({
          op: label,
          message: `${groups} groups do not divide ${channels} channels; input ${showFree(shape)}`,
          roles: ['groups', 'input'],
          values: { groups, channels, input: shape },
          fix: 'use a number of groups that divides the channels, or -1',
        });
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const shape = onlyShape(label, inputs);
        return build(weights, [knownExtent(label, checkedAxis(label, -1, shape), shape)]);
      },
      call([input], { gamma, beta }) {
        const x = input as Tensor;
        const [batch = 0] = x.shape;
        const channels = x.shape.at(-1) as number;
        const count = groups === -1 ? channels : groups;
        const cells = x.shape.slice(1, -1).reduce((product, extent) => product * extent, 1);
        const grouped = ops.reshape(x, [batch, cells, count, channels / count]);
        const [standard] = ops.standardize(grouped, { axis: [1, 3], epsilon });
        const y = ops.reshape(standard as Tensor, x.shape);
        const scaled = gamma ? ops.mul(y, gamma) : y;
        return beta ? ops.add(scaled, beta) : scaled;
      },
    };
  },
});
