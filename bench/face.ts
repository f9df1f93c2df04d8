/** What the suites offer to whoever drives them from outside: a command, with a page or without. */

import type { Size } from './case.js';
import { PROFILED, profileTask, type TaskProfile } from './profile.js';
import type { Roof } from './roofline.js';
import type { Row } from './row.js';
import { type Progress, type RunOptions, runSuites } from './run.js';
import { SUITES } from './suites/index.js';

export interface BenchFace {
  readonly suites: readonly string[];
  run(options: Pick<RunOptions, 'suites' | 'cases' | 'peers' | 'runs' | 'size'>): Promise<BenchResult>;
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
}

/** Called by name: the package says that its modules do nothing when they are only imported. */
export function offerBench(): void {
  globalThis.heddleBench = {
    suites: Object.keys(SUITES),
    run: runBench,
    profiled: Object.keys(PROFILED),
    profile: (task, size) =>
      profileTask(task, {
        size,
        onProgress: (text, done) => globalThis.benchProgress?.({ text, done, secondsLeft: null }),
      }),
  };
}

async function runBench(
  options: Pick<RunOptions, 'suites' | 'cases' | 'peers' | 'runs' | 'size'>,
): Promise<BenchResult> {
  let roof: Roof | null = null;
  const rows = await runSuites({
    ...options,
    onProgress: (progress) => globalThis.benchProgress?.(progress),
    onRoof(measured) {
      roof = measured;
    },
  });
  return { rows, roof };
}
