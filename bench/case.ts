/** What a benchmark case is: the same work by several engines, checked before it is measured. */

import type { EngineName } from './row.js';

/** One engine's side of a case. */
export interface Work {
  /** The next `count` numbers that are checked: losses of the next steps, or values of an op's result. */
  results(count: number): Promise<ArrayLike<number>>;
  /** What is timed: the next `steps` steps; resolves when the device has done them and one number has come back. */
  run(steps: number): Promise<void>;
  /** Where something else than the time of `run` is measured: one sample, in the case's unit. */
  sample?(): Promise<number>;
  dispose(): void;
}

export interface Identity {
  readonly version: string;
  /** The adapter that it runs on, in words. */
  readonly adapter: string;
}

/** The right numbers, and how far each result may be off. */
export interface Expected {
  readonly values: ArrayLike<number>;
  /** Of result `index`: the largest absolute error that rounding can explain. */
  tolerance(index: number): number;
  /** What result `index` is: `the loss of step 2`. */
  name(index: number): string;
}

export interface Contestant {
  readonly engine: EngineName;
  /** Asked after it has run, or tried to. */
  describe(): Promise<Identity>;
  /**
   * Makes ready; what goes in is the case's. Where it throws, nobody disposes what it made: Heddle's sides, which compile here, free it
   * themselves; the others only upload here, and what fails in them later is disposed with their work.
   */
  open(): Promise<Work>;
  /** The right results, where the engine can only do a neighbour of the task. */
  expected?(): Expected;
}

/** What one step must at least do, whoever does it. */
export interface Cost {
  /** Multiplications and additions, one each. */
  readonly flops: number;
  /** Bytes of all that goes in and comes out, each once. */
  readonly bytes: number;
}

export interface BenchCase {
  readonly suite: string;
  /** `celsius/free`. */
  readonly name: string;
  /** What is measured, for the reader of the page. */
  readonly about: string;
  /** `ms/step`, `MB`, … */
  readonly unit: string;
  /** Steps in one block; a sample is one block or several. Default: as many as last a while, found for each engine. */
  readonly steps?: number;
  /** Samples that are enough, where they hardly scatter. Default: as many as asked for. */
  readonly runs?: number;
  /** Where the roofline can judge it. */
  readonly cost?: Cost;
  /** The right results. */
  expected(): Expected;
  /** Whether the first result is timed too, compilation included. It is cold only in a page or process of its own, which drivers give it. */
  readonly first?: boolean;
  /** Whether one engine runs beside itself. */
  readonly control?: boolean;
  /** Heddle first; the others are compared with it. */
  readonly contestants: readonly Contestant[];
}

/** Heddle beside itself on a case: as far as that is from 1, so far no ratio of the suite can be trusted. */
export function controlOf(bench: BenchCase): BenchCase {
  const [own] = bench.contestants;
  if (own?.engine !== 'heddle') throw new RangeError(`${fullName(bench)} lacks Heddle`);
  const about = `Heddle beside itself on ${bench.name}: the ratio must be 1 within the noise, and is marked where it is not`;
  return { ...bench, name: 'control', about, first: false, control: true, contestants: [own, own] };
}

/** `steps/celsius/free`. */
export const fullName = ({ suite, name }: Pick<BenchCase, 'suite' | 'name'>): string => `${suite}/${name}`;

/** `full` is what the figures are for; `tiny` runs everything once, for tests. */
export type Size = 'full' | 'tiny';

/** How far losses may be off, relative to the expected one. Wrong kernels miss by far more; float32 sums stay well below. */
const LOSS_TOLERANCE = 2e-4;

export const expectedOfLosses = (values: readonly number[]): Expected => ({
  values,
  tolerance: (index) => LOSS_TOLERANCE * Math.abs(values[index] ?? 0),
  name: (index) => `the loss of step ${index + 1}`,
});

/** Where there is nothing to check, as another case of the same run has checked it. */
export const NOTHING_EXPECTED: Expected = { values: [], tolerance: () => 0, name: () => '' };
