/** Means of an epoch, put together on the host from the rows that its steps logged. */

import type { Logs } from './callbacks.js';
import type { Log } from './log.js';

export class EpochLogs {
  readonly #log: Log;
  #sums: readonly number[] = [];
  #examples = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The row of a step over `size` examples. */
  add(row: readonly number[], size: number): void {
    this.#sums = row.map((mean, index) => (this.#sums[index] ?? 0) + mean * size);
    this.#examples += size;
  }

  get examples(): number {
    return this.#examples;
  }

  means(): Logs {
    return this.#log.named(this.#sums.map((sum) => sum / this.#examples));
  }
}
