/** What the page offers to the command that drives it. */

import type { Row } from './row.js';
import type { Progress, RunOptions } from './run.js';

export interface BenchFace {
  readonly suites: readonly string[];
  run(options: Pick<RunOptions, 'suites' | 'cases' | 'peers' | 'runs' | 'size'>): Promise<readonly Row[]>;
}

declare global {
  var heddleBench: BenchFace;
  /** Put in place by whoever drives the page. */
  var benchProgress: ((progress: Progress) => void) | undefined;
}
