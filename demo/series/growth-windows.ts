/**
 * What a forecaster of a rising, seasonal series is shown and asked: the growth over a year, month by month, less its mean over the
 * window. Season and level are gone then, and a decade that grows faster than all before it looks like any other.
 */

import { growth } from './monthly.js';

/** Months that are seen, and months that are forecast. */
export const SEEN = 36;
export const AHEAD = 12;

export interface Windows {
  readonly rows: number;
  /** [rows, SEEN, 1] */
  readonly x: Float32Array<ArrayBuffer>;
  /** [rows, AHEAD]; what lies behind the end of the series is 0. */
  readonly y: Float32Array<ArrayBuffer>;
  /** The mean growth of each window. */
  readonly mean: Float64Array;
}

/** The first origin whose window is whole: a growth needs the year before. */
export const FIRST_ORIGIN = 12 + SEEN;

/** One row for each of `origins`, the first months that are forecast. A row's `x` is made of months before its origin alone. */
export function growthWindows(values: Float64Array, origins: readonly number[]): Windows {
  const rows = origins.length;
  const x = new Float32Array(rows * SEEN);
  const y = new Float32Array(rows * AHEAD);
  const mean = new Float64Array(rows);
  for (const [row, origin] of origins.entries()) {
    const seen = Array.from({ length: SEEN }, (_, step) => growth(values, origin - SEEN + step));
    const middle = seen.reduce((sum, value) => sum + value, 0) / SEEN;
    mean[row] = middle;
    x.set(
      seen.map((value) => value - middle),
      row * SEEN,
    );
    for (let step = 0; step < AHEAD && origin + step < values.length; step++)
      y[row * AHEAD + step] = growth(values, origin + step) - middle;
  }
  return { rows, x, y, mean };
}
