/** Batch normalisation (Ioffe and Szegedy, 2015), its moving statistics on the device. */

import { HeddleError, ops, type Tensor, type Variable } from '../../engine/index.js';
import { checkedFinite } from '../checks.js';
import { type InitializerSpec, resolveInitializer } from '../initializers/resolve.js';
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

export interface BatchNormalizationOptions extends ScaleAndShiftOptions {
  /** The axis whose features keep statistics of their own; not 0, the batch. Default -1. */
  readonly axis?: number;
  /** How much of the moving statistics stays at each step, in [0, 1]. Default 0.99. */
  readonly momentum?: number;
  /** Default `zeros`. */
  readonly movingMeanInitializer?: InitializerSpec;
  /** Default `ones`. */
  readonly movingVarianceInitializer?: InitializerSpec;
}

/** Each [features]. */
interface BatchNormalizationWeights extends ScaleAndShift {
  readonly movingMean: Variable;
  readonly movingVariance: Variable;
}

/**
 * y = (x − μ) / √(σ² + epsilon) · gamma + beta. While training, μ and σ² are the mean and the variance (divided by the number of elements)
 * of the batch over all other axes, without steps that are masked, and moving ← moving · momentum + batch · (1 − momentum); otherwise, and
 * where the layer is not trainable, they are the moving statistics.
 *
 * @throws HeddleError for an epsilon not above 0, a momentum outside [0, 1], an axis outside the input or the batch's, and a free extent there.
 */
export const batchNormalization = defineLayer<BatchNormalizationOptions, BatchNormalizationWeights>({
  type: 'batchNormalization',
  options: ['axis', 'momentum', ...SCALE_AND_SHIFT, 'movingMeanInitializer', 'movingVarianceInitializer'],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const { axis = -1 } = options;
    const momentum = checkedMomentum(label, options.momentum ?? 0.99);
    const { epsilon, build } = scaleAndShift(label, options);
    const meanInitializer = resolveInitializer(label, options.movingMeanInitializer ?? 'zeros');
    const varianceInitializer = resolveInitializer(label, options.movingVarianceInitializer ?? 'ones');
    return {
      keepsMask: true,
      outputShape(inputs) {
        const shape = onlyShape(label, inputs);
        checkedAxis(label, axis, shape);
        return shape;
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const shape = onlyShape(label, inputs);
        const features = [knownExtent(label, checkedAxis(label, axis, shape), shape)];
        const still = { trainable: false };
        return {
          ...build(weights, features),
          movingMean: weights.add('movingMean', features, meanInitializer, still),
          movingVariance: weights.add('movingVariance', features, varianceInitializer, still),
        };
      },
      call([input], { gamma, beta, movingMean, movingVariance }, context) {
        const { training, trainable, update, masks } = context;
        const x = input as Tensor;
        const feature = checkedAxis(label, axis, x.shape);
        const kept = x.shape.map((extent, at) => (at === feature ? extent : 1));
        const others = kept.flatMap((_, at) => (at === feature ? [] : [at]));
        // Along the last axis a vector broadcasts as it is, and its gradient is a sum that the normalisation takes too.
        const spread = (vector: Tensor): Tensor =>
          feature === kept.length - 1 ? vector : ops.reshape(vector, kept);
        const shifted = (y: Tensor): Tensor => (beta ? ops.add(y, spread(beta)) : y);
        if (!training || !trainable) {
          const r = ops.reciprocal(ops.sqrt(ops.add(movingVariance, epsilon)));
          const factor = gamma ? ops.mul(gamma, r) : r;
          return shifted(ops.mul(ops.sub(x, spread(movingMean)), spread(factor)));
        }
        const scale = gamma && { scale: ops.reshape(gamma, kept) };
        const [mask = null] = masks;
        const [y, mean, variance] = mask
          ? standardizedSteps(x, mask, { axis: others, epsilon, ...scale })
          : ops.standardize(x, { axis: others, epsilon, ...scale });
        // In the shape of the statistics, so that the kernels that make them do this too.
        const moved = (current: Tensor, now: Tensor | undefined): Tensor => {
          const stays = ops.mul(ops.reshape(current, kept), momentum);
          return ops.reshape(ops.add(stays, ops.mul(now as Tensor, 1 - momentum)), current.shape);
        };
        update(movingMean, (current) => moved(current, mean));
        update(movingVariance, (current) => moved(current, variance));
        return shifted(y as Tensor);
      },
    };
  },
});

/** `standardize` with the statistics of the steps that count: mask [batch, steps]. */
function standardizedSteps(
  x: Tensor,
  mask: Tensor,
  {
    axis,
    epsilon,
    scale,
  }: { readonly axis: readonly number[]; readonly epsilon: number; readonly scale?: Tensor },
): [y: Tensor, mean: Tensor, variance: Tensor] {
  const whole = { axis, keepDims: true };
  const wide = ops.reshape(mask, [...mask.shape, ...x.shape.slice(2).map(() => 1)]);
  const counts = ops.maximum(ops.sum(ops.broadcastTo(wide, x.shape), whole), 1);
  const meanOf = (values: Tensor): Tensor => ops.div(ops.sum(ops.mul(values, wide), whole), counts);
  const mean = meanOf(x);
  const centred = ops.sub(x, mean);
  const variance = meanOf(ops.square(centred));
  const r = ops.reciprocal(ops.sqrt(ops.add(variance, epsilon)));
  return [ops.mul(centred, scale ? ops.mul(scale, r) : r), mean, variance];
}

function checkedMomentum(label: string, value: unknown): number {
  const momentum = checkedFinite(label, 'momentum', value);
  if (momentum >= 0 && momentum <= 1) return momentum;
  throw new HeddleError({
    op: label,
    message: `momentum is ${momentum}`,
    roles: ['momentum'],
    values: { momentum },
    fix: 'pass a number from 0 to 1: how much of the moving statistics stays, such as 0.99',
  });
}
