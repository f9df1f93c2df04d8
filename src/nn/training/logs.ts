/** Means of a run of steps, put together on the host from the rows of the loss ring. */

import type { Logs } from './callbacks.js';

/** Weighted means of `loss` and each metric over an epoch. */
export class EpochLogs {
  readonly #names: readonly string[];
  readonly #sums: number[];
  #examples = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#sums = names.map(() => 0);
  }

  /** The means of a step over `size` examples. */
  add(means: readonly number[], size: number): void {
    means.forEach((mean, index) => {
      this.#sums[index] = (this.#sums[index] ?? 0) + mean * size;
    });
    this.#examples += size;
  }

  get examples(): number {
    return this.#examples;
  }

  means(): Logs {
    return namedMeans(
      this.#names,
      this.#sums.map((sum) => sum / this.#examples),
    );
  }
}

export const namedMeans = (names: readonly string[], means: readonly number[]): Record<string, number> =>
  Object.fromEntries(names.map((name, index) => [name, means[index] ?? Number.NaN]));

/** The row of step number `step` (from 0) in ring data with `columns` columns. */
export function ringRow(ring: ArrayLike<number>, step: number, columns: number): number[] {
  const rows = ring.length / columns;
  const from = (step % rows) * columns;
  return Array.from({ length: columns }, (_, column) => ring[from + column] ?? Number.NaN);
}
