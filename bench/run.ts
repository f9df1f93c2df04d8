/** Runs suites case by case; the page and the command both call this. */

import { type BenchCase, fullName, type Size } from './case.js';
import { measure } from './measure.js';
import { measureRoof, type Roof } from './roofline.js';
import { ENGINES, type EngineName, leastMilliseconds, type Row, rowsOf } from './row.js';
import { SUITES } from './suites/index.js';

export interface RunOptions {
  /** Default: all. */
  readonly suites?: readonly string[];
  /** `NAME`, in whichever suites have it, or `SUITE/NAME`. Default: all of the suites. */
  readonly cases?: readonly string[];
  /** Of these, `SUITE/NAME`, the ones that run here, in their order; the rest runs in another page or process. Default: all of them. */
  readonly only?: readonly string[];
  /** Whether other engines run too. Default true. */
  readonly peers?: boolean;
  /** Samples of each engine and case. Default 9. */
  readonly runs?: number;
  readonly size?: Size;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told once, before the first case that is judged by it. */
  readonly onRoof?: (roof: Roof) => void;
  /** Told after each sample of a case: its rows so far. */
  readonly onSample?: (rows: readonly Row[], bench: BenchCase) => void;
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

/** What asks for cases. */
type Choice = Pick<RunOptions, 'suites' | 'cases' | 'only' | 'peers' | 'size'>;

/** The cases asked for, each once. Throws for unknown suites and cases. */
export function chosenCases({ suites, cases, only, peers = true, size = 'full' }: Choice): BenchCase[] {
  const engines: readonly EngineName[] = peers ? ENGINES : ['heddle'];
  const offered = [...new Set(suites ?? Object.keys(SUITES))].flatMap((name) => {
    const suite = SUITES[name];
    if (!suite) throw new Error(`no suite '${name}'; there are ${Object.keys(SUITES).join(', ')}`);
    return suite.cases(size, engines);
  });
  if (only) return offered.filter((bench) => only.includes(fullName(bench)));
  return cases ? [...new Set(cases.flatMap((name) => casesNamed(name, offered)))] : offered;
}

/** The rows of the cases asked for, in order. Throws for unknown suites and cases, and where a signal aborts. */
export async function runSuites(options: RunOptions = {}): Promise<Row[]> {
  const { runs = DEFAULT_RUNS, size = 'full', signal } = options;
  const cases = chosenCases(options);
  const rows: Row[] = [];
  const start = performance.now();
  let roof: Roof | undefined;
  for (const [index, bench] of cases.entries()) {
    if (bench.cost && !roof) {
      options.onProgress?.({
        text: 'measuring the limits of the adapter',
        done: index / cases.length,
        secondsLeft: null,
      });
      roof = await measureRoof(size);
      options.onRoof?.(roof);
    }
    if (!options.cases && roof && isTooLong(bench, roof)) {
      const left = await rowsLeftOut(bench, roof);
      rows.push(...left);
      options.onRows?.(left, bench);
      continue;
    }
    const measured = await measure(bench, {
      runs,
      size,
      ...(roof ? { roof } : {}),
      ...(signal ? { signal } : {}),
      onSample(text, sample, samples) {
        const done = (index + sample / samples) / cases.length;
        const seconds = (performance.now() - start) / 1000;
        options.onProgress?.({ text, done, secondsLeft: done > 0 ? (seconds * (1 - done)) / done : null });
      },
      onRows: (found) => options.onSample?.(found, bench),
    });
    rows.push(...measured);
    options.onRows?.(measured, bench);
  }
  return rows;
}

/** The rows of each case, in order. */
export function byCase(rows: readonly Row[]): Map<string, Row[]> {
  const cases = new Map<string, Row[]>();
  for (const row of rows) cases.set(row.case, [...(cases.get(row.case) ?? []), row]);
  return cases;
}

/** Of the rows `NAME/first`. */
export const aboutFirst = ({ about }: BenchCase): string =>
  `The first step of the same, from a loaded library and a ready device to the first loss, with the compilation of every kernel that no earlier case of this page compiled (the commands give each first step a page or process of its own; here reload the page for that): ${about}`;

/** A case whose step takes longer than this at best is left out, unless it is asked for by name. */
const LONGEST_MS = 1000;

const isTooLong = ({ cost }: BenchCase, roof: Roof): boolean =>
  cost !== undefined && leastMilliseconds(cost, roof) > LONGEST_MS;

/** Rows that say so. */
async function rowsLeftOut({ suite, name, unit, cost, contestants }: BenchCase, roof: Roof): Promise<Row[]> {
  const seconds = cost ? leastMilliseconds(cost, roof) / 1000 : 0;
  const leftOut = `left out: ${seconds.toFixed(1)} s a step at this adapter's limit; ask for --case ${name} to run it`;
  const timings = contestants.map(async ({ engine, describe }) => ({
    engine,
    ...(await describe()),
    samples: [],
    calls: null,
    failed: null,
    leftOut,
  }));
  return rowsOf({ suite, case: name, unit }, await Promise.all(timings));
}

function casesNamed(name: string, offered: readonly BenchCase[]): readonly BenchCase[] {
  const found = offered.filter((bench) => bench.name === name || fullName(bench) === name);
  if (found.length > 0) return found;
  throw new Error(`no case '${name}'; there are ${offered.map(fullName).join(', ')}`);
}
