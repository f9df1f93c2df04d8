/** Runs suites case by case; the page and the command both call this. */

import type { BenchCase, Size } from './case.js';
import { measure } from './measure.js';
import { ENGINES, type EngineName, type Row } from './row.js';
import { SUITES } from './suites/index.js';

export interface RunOptions {
  /** Default: all. */
  readonly suites?: readonly string[];
  /** Default: all of the suites. */
  readonly cases?: readonly string[];
  /** Whether other engines run too. Default true. */
  readonly peers?: boolean;
  /** Samples of each engine and case. Default 9. */
  readonly runs?: number;
  readonly size?: Size;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told as a case ends. */
  readonly onRows?: (rows: readonly Row[], bench: BenchCase) => void;
}

export interface Progress {
  readonly text: string;
  /** From 0 to 1. */
  readonly done: number;
  /** `null` until something has been timed. */
  readonly secondsLeft: number | null;
}

export const DEFAULT_RUNS = 9;

/** The rows of the suites asked for, in order. Throws for an unknown suite, and where a signal aborts. */
export async function runSuites(options: RunOptions = {}): Promise<Row[]> {
  const { suites = Object.keys(SUITES), peers = true, runs = DEFAULT_RUNS, size = 'full', signal } = options;
  const engines: readonly EngineName[] = peers ? ENGINES : ['heddle'];
  const offered = suites.flatMap((name) => {
    const suite = SUITES[name];
    if (!suite) throw new Error(`no suite '${name}'; there are ${Object.keys(SUITES).join(', ')}`);
    return suite.cases(size, engines);
  });
  const cases = options.cases ? options.cases.map((name) => caseNamed(name, offered)) : offered;
  const rows: Row[] = [];
  const start = performance.now();
  for (const [index, bench] of cases.entries()) {
    const measured = await measure(bench, {
      runs,
      ...(signal ? { signal } : {}),
      onSample(text, sample, samples) {
        const done = (index + sample / samples) / cases.length;
        const seconds = (performance.now() - start) / 1000;
        options.onProgress?.({ text, done, secondsLeft: done > 0 ? (seconds * (1 - done)) / done : null });
      },
    });
    rows.push(...measured);
    options.onRows?.(measured, bench);
  }
  return rows;
}

function caseNamed(name: string, offered: readonly BenchCase[]): BenchCase {
  const found = offered.find((bench) => bench.name === name);
  if (found) return found;
  throw new Error(`no case '${name}'; there are ${offered.map((bench) => bench.name).join(', ')}`);
}
