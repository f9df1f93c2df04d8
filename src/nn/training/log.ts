/**
 * What a model logs, as the device keeps it: a row of means for each step, and sums over the examples of an epoch. The metrics of an output
 * whose steps are masked stand there as sums over steps, with the number of steps that count in a column of its own, so that means over
 * batches with different numbers of them come out right.
 */

import { HeddleError, Variable, type VariableStore, zeros } from '../../engine/index.js';
import { checkColumns } from './objectives.js';

/** Rows of the ring: the host reads them at least this often. */
export const RING_ROWS = 1024;

export interface LogColumn {
  readonly name: string;
  /** The output whose steps a metric is a mean over; `null` for losses, which are means already. */
  readonly output: number | null;
}

/** What the tail of a step writes. */
export interface LogVariables {
  /** [RING_ROWS, columns] */
  readonly ring: Variable;
  /** [columns] */
  readonly totals: Variable;
}

interface Kept extends LogVariables {
  /** Outputs that have a column for the steps that count, in order. */
  readonly counted: readonly number[];
}

export class Log {
  readonly #store: VariableStore;
  readonly #name: string;
  readonly #columns: readonly LogColumn[];
  #kept: Kept | null = null;

  constructor(store: VariableStore, name: string, columns: readonly LogColumn[]) {
    this.#store = store;
    this.#name = name;
    this.#columns = columns;
  }

  /** In the order of `means`. */
  get names(): string[] {
    return this.#columns.map(({ name }) => name);
  }

  /** Numbers in a row on the device. */
  get width(): number {
    return this.#columns.length + (this.#kept?.counted.length ?? 0);
  }

  /** Where the first program is made, its graph tells which outputs have masks. Throws a HeddleError where another says otherwise. */
  variables(counted: readonly number[]): LogVariables {
    this.#kept ??= this.#create(counted);
    if (String(this.#kept.counted) === String(counted)) return this.#kept;
    throw new HeddleError({
      op: 'compile',
      message: 'an output has a mask for one shape of data and none for another',
      roles: ['mask'],
      values: { outputs: [this.#kept.counted, counted] },
      fix: 'let mask() of the layer give a mask for every shape, or for none',
    });
  }

  #create(counted: readonly number[]): Kept {
    checkColumns(this.#columns.length - 1 + counted.length);
    const width = this.#columns.length + counted.length;
    const make = (label: string, shape: number[]): Variable => {
      const spec = { name: `${this.#name}/${label}`, trainable: false };
      return new Variable(this.#store.create(zeros(shape), spec));
    };
    return { counted, ring: make('ring', [RING_ROWS, width]), totals: make('totals', [width]) };
  }

  /** Begins new sums. */
  clear(): void {
    this.#kept?.totals.assign(new Float32Array(this.width));
  }

  /** The rows of the last steps, after all work queued so far. */
  async ring(): Promise<ArrayLike<number>> {
    return (await this.#kept?.ring.data()) ?? [];
  }

  /** The sums since `clear`. */
  async totals(): Promise<number[]> {
    return Array.from((await this.#kept?.totals.data()) ?? []);
  }

  /** The row of step number `step` (from 0) in what `ring` gave. */
  row(ring: ArrayLike<number>, step: number): number[] {
    const from = (step % RING_ROWS) * this.width;
    return Array.from({ length: this.width }, (_, column) => ring[from + column] ?? Number.NaN);
  }

  /** Means for `names`, from a row or from the mean of rows. A metric of no steps at all is 0. */
  means(row: readonly number[]): number[] {
    const counted = this.#kept?.counted ?? [];
    return this.#columns.map(({ output }, column) => {
      const mean = row[column] ?? Number.NaN;
      const at = output === null ? -1 : counted.indexOf(output);
      if (at < 0) return mean;
      const steps = row[this.#columns.length + at] ?? Number.NaN;
      return steps === 0 ? 0 : mean / steps;
    });
  }

  /** `means` by name. */
  named(row: readonly number[]): Record<string, number> {
    const means = this.means(row);
    return Object.fromEntries(this.names.map((name, index) => [name, means[index] ?? Number.NaN]));
  }

  dispose(): void {
    const { ring, totals } = this.#kept ?? {};
    for (const one of [ring, totals]) if (one && this.#store.holds(one.ref)) this.#store.remove(one.ref);
  }
}
