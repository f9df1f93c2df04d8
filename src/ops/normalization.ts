/**
 * Standardisation, the core of batch, layer and group normalisation. Its forward pass is a composition, and needs no kernel of its own;
 * its gradient is written down, because the chain rule through mean and variance sums each of its two sums twice.
 */

import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { normalizeAxes, sameShape, showShape } from '../core/shape.js';
import { apply, type TensorType, type Value } from '../ir/graph.js';
import type { OpDef } from '../ir/op.js';
import { add, mul, reciprocal, sqrt, square, standardized, sub } from './pointwise/index.js';
import { mean } from './reduce.js';
import { reducedCount, reshape, sum } from './structural.js';
import { reducedShape } from './structural-index.js';

export interface StandardizeAttrs {
  /** Sorted, distinct, from 0: those that mean and variance are taken over. */
  readonly axes: readonly number[];
  readonly epsilon: number;
}

/**
 * y = (x − μ) · r · scale, with μ = mean(x), σ² = mean((x − μ)²), r = 1 / √(σ² + ε) over `axes`. Inputs: x, and scale in the shape of
 * the statistics, if there is one. Outputs: y, then μ, σ² and r with extents 1 along the axes.
 */
export const standardizeOp: OpDef<StandardizeAttrs> = {
  name: 'standardize',
  infer([x, scale], { axes }) {
    if (!x) throw new RangeError('standardize takes x');
    const kept = reducedShape(x.shape, axes, true);
    checkInputs(x, scale, kept, axes);
    const statistic: TensorType = { shape: kept, dtype: 'float32' };
    return [{ shape: x.shape, dtype: 'float32' }, statistic, statistic, statistic];
  },
  residuals: [1, 2, 3],
  // With x̂ = (x − μ)·r:  dx = scale·r·(dy − mean(dy) − x̂·mean(dy·x̂)),  dscale = Σ dy·x̂.
  vjp({ inputs: [x, scale], outputs: [, mu, , r], attrs: { axes }, dys: [dy], needs }) {
    if (!x || !mu || !r || !dy) return [null, null];
    const standard = standardized(x, mu, r);
    // Written as the gradients of scale and shift are, so that each sum is taken once.
    const total = (value: Value): Value => reshape(sum(value, { axis: axes }), mu.shape);
    const along = total(mul(dy, standard));
    if (!needs[0]) return [null, along];
    const count = reducedCount(x, axes);
    const rest = sub(sub(dy, mul(total(dy), 1 / count)), mul(standard, mul(along, 1 / count)));
    return [mul(rest, scale ? mul(scale, r) : r), scale && needs[1] ? along : null];
  },
  decompose([x, scale], { axes, epsilon }) {
    if (!x) return [];
    const over = { axis: axes, keepDims: true };
    const mu = mean(x, over);
    const variance = mean(square(sub(x, mu)), over);
    const r = reciprocal(sqrt(add(variance, epsilon)));
    return [standardized(x, mu, scale ? mul(scale, r) : r), mu, variance, r];
  },
};

function checkInputs(
  x: TensorType,
  scale: TensorType | undefined,
  kept: readonly number[],
  axes: readonly number[],
): void {
  const refused = (role: string, message: string, fix: string): HeddleError =>
    new HeddleError({
      op: 'standardize',
      message,
      roles: [role],
      values: { x: x.shape, scale: scale?.shape, axes },
      fix,
    });
  if (x.dtype !== 'float32') {
    throw refused('x', `x is ${x.dtype} ${showShape(x.shape)}`, "cast(x, 'float32') first");
  }
  if (axes.length === 0 || reducedCount(x, axes) === 0) {
    throw refused(
      'axis',
      `there is nothing to average along axes [${axes.join(',')}] of ${showShape(x.shape)}`,
      'name axes with at least one element',
    );
  }
  if (scale && (scale.dtype !== 'float32' || !sameShape(scale.shape, kept))) {
    throw refused(
      'scale',
      `scale is ${scale.dtype} ${showShape(scale.shape)}, the statistics ${showShape(kept)}`,
      'reshape it to the shape of the statistics, or multiply afterwards',
    );
  }
}

export interface StandardizeOptions {
  /** Axes that mean and variance are taken over; negative ones count from the end. Default: all. */
  readonly axis?: number | readonly number[] | null;
  /** Added to the variance, above 0. Default 1e-3. */
  readonly epsilon?: number;
  /** float32, of the shape of the statistics: x's with extent 1 along the axes. Default: 1 everywhere. */
  readonly scale?: Value;
}

/**
 * [y, mean, variance]: y = (x − mean) / √(variance + epsilon) · scale, both statistics with extent 1 along the axes. The variance is that
 * of the elements at hand (divided by their number), found in two passes.
 *
 * @throws HeddleError for dtypes other than float32, axes outside the rank or empty, a scale of another shape, and an epsilon not above 0.
 */
export function standardize(x: Value, options: StandardizeOptions = {}): Value[] {
  rejectUnknownOptions('standardize', options, ['axis', 'epsilon', 'scale']);
  const { epsilon = 1e-3, scale } = options;
  if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY)) {
    throw new HeddleError({
      op: 'standardize',
      message: `epsilon is ${epsilon}`,
      roles: ['epsilon'],
      values: { epsilon },
      fix: 'use a small number above 0, such as 1e-3',
    });
  }
  const axes = normalizeAxes('standardize', options.axis, x.shape.length);
  return apply(standardizeOp, scale ? [x, scale] : [x], { axes, epsilon }).slice(0, 3);
}
