/** What the suites offer to whoever drives them from outside: a command, with a page or without. */

import type { BenchCase, Size } from './case.js';
import { PROFILED, profileTask, type TaskProfile } from './profile.js';
import type { Roof } from './roofline.js';
import type { Row } from './row.js';
import { chosenCases, type Progress, type RunOptions, runSuites } from './run.js';
import { SUITES } from './suites/index.js';

/** What to run: what crosses to a page or a process. */
export type SuiteOptions = Pick<RunOptions, 'suites' | 'cases' | 'only' | 'peers' | 'runs' | 'size'>;

/** `first`: its first step is timed, which is cold only where nothing ran before. */
export type OfferedCase = Pick<BenchCase, 'suite' | 'name'> & { readonly first: boolean };

export interface BenchFace {
  readonly suites: readonly string[];
  /** The cases that `run` would run, in order. */
  cases(options: SuiteOptions): OfferedCase[];
  run(options: SuiteOptions): Promise<BenchResult>;
  /** Training steps that can be profiled. */
  readonly profiled: readonly string[];
  profile(task: string, size: Size): Promise<TaskProfile>;
}

export interface BenchResult {
  readonly rows: readonly Row[];
  /** `null` where no case was judged by it. */
  readonly roof: Roof | null;
}

declare global {
  var heddleBench: BenchFace;
  /** Put in place by whoever drives. */
  var benchProgress: ((progress: Progress) => void) | undefined;
  /** Whoever drives keeps what it was told of, should the page crash. */
  var benchRows: ((rows: readonly Row[]) => Promise<void>) | undefined;
  var benchRoof: ((roof: Roof) => Promise<void>) | undefined;
}

/** Called by name: the package says that its modules do nothing when they are only imported. */
export function offerBench(): void {
  globalThis.heddleBench = {
    suites: Object.keys(SUITES),
    cases: offeredCases,
    run: runBench,
    profiled: Object.keys(PROFILED),
    profile: (task, size) =>
      profileTask(task, {
        size,
        onProgress: (text, done) => globalThis.benchProgress?.({ text, done, secondsLeft: null }),
      }),
  };
}

export const offeredCases = (options: SuiteOptions): OfferedCase[] =>
  chosenCases(options).map(({ suite, name, first = false }) => ({ suite, name, first }));

async function runBench(options: SuiteOptions): Promise<BenchResult> {
  let roof: Roof | null = null;
  const told: (Promise<void> | undefined)[] = [];
  const rows = await runSuites({
    ...options,
    onProgress: (progress) => globalThis.benchProgress?.(progress),
    onRoof(measured) {
      roof = measured;
      told.push(globalThis.benchRoof?.(measured));
    },
    onRows(found) {
      told.push(globalThis.benchRows?.(found));
    },
  });
  await Promise.all(told);
  return { rows, roof };
}
