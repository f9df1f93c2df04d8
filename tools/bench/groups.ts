// Which cases share a page or a process: a first step is cold only where no case ran before it, so such a case has one of its own.
import { fullName } from '../../bench/case.js';
import type { BenchResult, OfferedCase, SuiteOptions } from '../../bench/face.js';
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import type { Progress } from '../../bench/run.js';

/** Cases of one page or process, in order. */
export interface CaseGroup {
  readonly cases: readonly PlacedCase[];
  /** Its one case's first step is timed: nothing may have run before. */
  readonly cold: boolean;
}

/** `place`: among all that run, where its rows stand. */
export interface PlacedCase extends OfferedCase {
  readonly place: number;
}

export interface GroupHooks {
  readonly onProgress?: (progress: Progress) => void;
  /** Told as a case ends. */
  readonly onRows?: (rows: readonly Row[]) => void;
}

export interface WholeHooks extends GroupHooks {
  /** Told as a group begins. */
  readonly onGroup?: (group: CaseGroup) => void;
}

export interface GroupRun extends BenchResult {
  /** What ended it before its time. */
  readonly error: string | null;
}

export interface WholeRun extends BenchResult {
  /** What ended groups before their time. */
  readonly errors: readonly string[];
}

/** Cases whose first steps are timed come first and alone; the others share one group, or with `bySuite` one for each suite. */
export function groupsOf(cases: readonly OfferedCase[], { bySuite = false } = {}): CaseGroup[] {
  const placed = cases.map((one, place): PlacedCase => ({ ...one, place }));
  const shared = new Map<string, PlacedCase[]>();
  for (const one of placed) {
    if (one.first) continue;
    const key = bySuite ? one.suite : '';
    shared.set(key, [...(shared.get(key) ?? []), one]);
  }
  return [
    ...placed.filter(({ first }) => first).map((one) => ({ cases: [one], cold: true })),
    ...[...shared.values()].map((others) => ({ cases: others, cold: false })),
  ];
}

/** `steps/mlp/free`, or `steps, matmul`. */
export const groupWords = ({ cases, cold }: CaseGroup): string =>
  [...new Set(cases.map((one) => (cold ? fullName(one) : one.suite)))].join(', ');

/** What `options` become for one of the groups. */
export const optionsOf = (options: SuiteOptions, { cases }: CaseGroup): SuiteOptions => ({
  ...options,
  suites: [...new Set(cases.map(({ suite }) => suite))],
  only: cases.map(fullName),
});

/**
 * One group after the other: `run` gets each with hooks of its own. Progress and time left are those of the whole; rows come in the
 * order of the cases, whatever group they ran in. A group's error leaves the rows of the others; where `run` throws, no other group starts.
 */
export async function runGroups(
  groups: readonly CaseGroup[],
  run: (group: CaseGroup, hooks: GroupHooks) => Promise<GroupRun>,
  { onProgress, onRows, onGroup }: WholeHooks = {},
): Promise<WholeRun> {
  const total = groups.reduce((sum, { cases }) => sum + cases.length, 0);
  const found: { readonly place: number; readonly row: Row }[] = [];
  const errors: string[] = [];
  const start = performance.now();
  let roof: Roof | null = null;
  let before = 0;
  const keep = ({ cases, cold }: CaseGroup, rows: readonly Row[]): void => {
    for (const row of rows) {
      // `mlp/first` stands where `mlp/free` does.
      const of = cases.find((one) => cold || (one.suite === row.suite && one.name === row.case));
      found.push({ place: of?.place ?? total, row });
    }
    onRows?.(rows);
  };
  for (const group of groups) {
    const { length } = group.cases;
    const started = before;
    onGroup?.(group);
    try {
      const result = await run(group, {
        onProgress({ text, done: ofGroup }) {
          const done = (started + ofGroup * length) / total;
          const seconds = (performance.now() - start) / 1000;
          onProgress?.({ text, done, secondsLeft: done > 0 ? (seconds * (1 - done)) / done : null });
        },
        onRows: (rows) => keep(group, rows),
      });
      roof ??= result.roof;
      if (result.error !== null) errors.push(result.error);
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
      break;
    }
    before += length;
  }
  const rows = found.sort((a, b) => a.place - b.place).map(({ row }) => row);
  return { rows, roof, errors };
}
