/** What a benchmark case is: the same steps by several engines, checked before they are timed. */

import type { EngineName } from './row.js';

/** One engine's side of a case. */
export interface Work {
  /** The next `steps` steps, each loss read. */
  losses(steps: number): Promise<number[]>;
  /** What is timed: the next `steps` steps; resolves when the device has done them and one number has come back. */
  run(steps: number): Promise<void>;
  dispose(): void;
}

export interface Identity {
  readonly version: string;
  /** The adapter that it runs on, in words. */
  readonly adapter: string;
}

export interface Contestant {
  readonly engine: EngineName;
  /** Asked after it has run, or tried to. */
  describe(): Promise<Identity>;
  /** Makes ready; the weights are the case's. */
  open(): Promise<Work>;
  /** The right losses of its first steps, where the engine can only do a neighbour of the task. */
  expected?(): readonly number[];
}

export interface BenchCase {
  readonly suite: string;
  /** `celsius/free`. */
  readonly name: string;
  /** What is timed, for the reader of the page. */
  readonly about: string;
  readonly unit: string;
  /** Steps in one block; a sample is one block or several. */
  readonly steps: number;
  /** The right losses of the first steps. */
  expected(): readonly number[];
  /** Whether the first step is timed too, compilation included: where `losses(1)` is one step, and no case before compiled the same. */
  readonly first: boolean;
  /** Heddle first; the others are compared with it. */
  readonly contestants: readonly Contestant[];
}

/** `full` is what the figures are for; `tiny` runs everything once, for tests. */
export type Size = 'full' | 'tiny';
