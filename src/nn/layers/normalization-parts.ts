/** What the normalisation layers share: scale and shift, and their options. */

import { HeddleError, type Shape, type Variable } from '../../engine/index.js';
import { checkedFinite, checkedFlag } from '../checks.js';
import { type FreeShape, showFree } from '../shapes.js';
import type { WeightBuilder } from '../weights.js';
import { type WeightRuleOptions, weightOptions, weightRules } from './weight-rules.js';

/** `gammaInitializer` is `ones` and `betaInitializer` `zeros`; regularizers and constraints are none by default. */
export interface ScaleAndShiftOptions extends WeightRuleOptions<'gamma' | 'beta'> {
  /** Added to the variance, above 0. Default 1e-3. */
  readonly epsilon?: number;
  /** Whether a learned `beta` is added. Default `true`. */
  readonly center?: boolean;
  /** Whether a learned `gamma` multiplies. Default `true`. */
  readonly scale?: boolean;
}

export const SCALE_AND_SHIFT = [
  'epsilon',
  'center',
  'scale',
  ...weightOptions('beta'),
  ...weightOptions('gamma'),
] as const;

/** Of batch normalisation in TensorFlow 2. */
const RENORM =
  'leave it out: there is no renormalisation; in small batches, groupNormalization does not depend on the others';

/** What other libraries have besides. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  renorm: RENORM,
  renormClipping: RENORM,
  renormMomentum: RENORM,
  virtualBatchSize: 'leave it out: statistics are those of the whole batch; fit with a smaller batchSize',
  fused: 'leave it out: kernels are fused wherever they can be',
  synchronized: 'leave it out: there is one device, which sees the whole batch',
  rmsScaling: 'leave it out: the mean is always taken away',
};

export interface ScaleAndShift {
  readonly gamma: Variable | null;
  readonly beta: Variable | null;
}

/** The options with defaults, checked, and a function that makes the weights they ask for. */
export function scaleAndShift(label: string, options: ScaleAndShiftOptions) {
  const epsilon = checkedFinite(label, 'epsilon', options.epsilon ?? 1e-3);
  if (epsilon <= 0) {
    throw new HeddleError({
      op: label,
      message: `epsilon is ${epsilon}`,
      roles: ['epsilon'],
      values: { epsilon },
      fix: 'pass a small number above 0, such as 1e-3',
    });
  }
  const center = checkedFlag(label, 'center', options.center ?? true);
  const scale = checkedFlag(label, 'scale', options.scale ?? true);
  const gamma = weightRules(label, 'gamma', options, 'ones');
  const beta = weightRules(label, 'beta', options, 'zeros');
  const build = (weights: WeightBuilder, shape: Shape): ScaleAndShift => ({
    gamma: scale ? gamma.add(weights, shape) : null,
    beta: center ? beta.add(weights, shape) : null,
  });
  return { epsilon, build };
}

/** `axis` of `shape`, from 0; throws for the batch and for what lies outside. */
export function checkedAxis(label: string, axis: number, shape: FreeShape): number {
  const at = axis < 0 ? axis + shape.length : axis;
  if (Number.isInteger(axis) && at >= 1 && at < shape.length) return at;
  throw new HeddleError({
    op: label,
    message: `axis ${axis} is none of input ${showFree(shape)}, or its batch`,
    roles: ['axis', 'input'],
    values: { axis, input: shape },
    fix: 'use an axis of one example, such as -1, the last',
  });
}

/** The extent of `shape` at `axis`, which weights are made for; throws where it is free. */
export function knownExtent(label: string, axis: number, shape: FreeShape): number {
  const extent = shape[axis] ?? null;
  if (extent !== null) return extent;
  throw new HeddleError({
    op: label,
    message: `axis ${axis} of input ${showFree(shape)} is free, so the weights have no size`,
    roles: ['inputShape'],
    values: { input: shape, axis },
    fix: 'give that extent a number in inputShape',
  });
}
