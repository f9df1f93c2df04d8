/**
 * The adding problem: a long sequence of numbers, two of which are marked, and their sum is asked for. What is marked early has to be
 * remembered to the end, which is what recurrent networks find hard.
 */

import type { RandomStream } from '../../src/core/random.js';

export interface AddingProblem {
  readonly rows: number;
  /** [rows, steps, 2]: a number from 0 to 1, and 1 where it is marked. */
  readonly x: Float32Array<ArrayBuffer>;
  /** [rows, 1]: the sum of the two marked numbers. */
  readonly y: Float32Array<ArrayBuffer>;
}

/** The mean squared error of saying 1, the mean of the sum, to everything: the variance of two numbers from 0 to 1. */
export const BASELINE = 1 / 6;

/** One number is marked in the first half of the `steps`, one in the second. */
export function addingProblem(rows: number, steps: number, random: RandomStream): AddingProblem {
  const x = new Float32Array(rows * steps * 2);
  const y = new Float32Array(rows);
  const half = Math.floor(steps / 2);
  for (let row = 0; row < rows; row++) {
    for (let step = 0; step < steps; step++) x[2 * (row * steps + step)] = random.uniform();
    for (const step of [random.below(half), half + random.below(steps - half)]) {
      const at = 2 * (row * steps + step);
      x[at + 1] = 1;
      y[row] = (y[row] as number) + (x[at] as number);
    }
  }
  return { rows, x, y };
}
