/**
 * Times one case. All engines take turns in the same page, sample by sample and each time in another order, so that whatever else the
 * machine does meets all of them alike; only their ratios mean something.
 */

import { requireSameAdapter } from './adapter.js';
import { countCalls } from './calls.js';
import type { BenchCase, Contestant, Expected, Identity, Size, Work } from './case.js';
import type { Roof } from './roofline.js';
import { type DeviceCalls, type Row, rowsOf, type Timing } from './row.js';

export interface MeasureOptions {
  /** Samples of each engine. */
  readonly runs: number;
  /** Default `full`; `tiny` samples are as short as can be. */
  readonly size?: Size;
  /** What cases with a cost are judged by. */
  readonly roof?: Roof;
  readonly signal?: AbortSignal;
  /** Told before each sample: what happens, and how many of how many are done in this case. */
  readonly onSample?: (text: string, done: number, total: number) => void;
  /** Told after each sample: the rows of the samples so far. */
  readonly onRows?: (rows: readonly Row[]) => void;
}

interface Pace {
  /** A sample takes as many blocks as make it last this long: one hiccup of the machine must not be the whole of it. */
  readonly sample: number;
  /** A block whose steps the case leaves open lasts about this long. */
  readonly block: number;
}

/** Milliseconds. */
const PACES: Readonly<Record<Size, Pace>> = {
  full: { sample: 250, block: 60 },
  tiny: { sample: 1, block: 2 },
};
const MOST_BLOCKS = 8;
const MOST_STEPS = 512;
/** Blocks as long as this scatter little: so many samples are enough, or some engines would take hours over what others do in minutes. */
const SLOW = { milliseconds: 3000, samples: 3 } as const;

interface Entry {
  readonly contestant: Contestant;
  readonly expected: Expected;
  identity: Identity;
  work: Work | null;
  /** Steps in one block, and blocks in one sample. */
  steps: number;
  blocks: number;
  /** Samples that are enough. */
  most: number;
  readonly samples: number[];
  first: number | null;
  calls: DeviceCalls | null;
  failed: string | null;
}

/** The rows of a case; where the first step was timed, its rows follow, as the case `NAME/first`. */
export async function measure(bench: BenchCase, options: MeasureOptions): Promise<Row[]> {
  const { signal, onSample, onRows } = options;
  const runs = Math.min(options.runs, bench.runs ?? Number.POSITIVE_INFINITY);
  // Neither the oracle nor an engine's start belongs to a first step.
  const entries = bench.contestants.map((contestant) => entryOf(bench, contestant));
  const total = entries.length * (runs + 1);
  let done = 0;
  let opened = 0;
  const turnOf = async (entry: Entry, what: string, act: (work: Work) => Promise<void>): Promise<void> => {
    signal?.throwIfAborted();
    onSample?.(`${bench.suite} ${bench.name}: ${entry.contestant.engine}, ${what}`, done, total);
    done++;
    if (entry.failed !== null) return;
    try {
      if (!entry.work) {
        entry.identity = await entry.contestant.describe();
        opened = performance.now();
        entry.work = await entry.contestant.open();
        requireSameAdapter((entries[0] as Entry).identity, entry.identity);
      }
      await act(entry.work);
    } catch (error) {
      entry.failed = error instanceof Error ? error.message : String(error);
    }
  };
  try {
    for (const entry of entries) {
      await turnOf(entry, 'checking and warming up', async (work) => {
        const { length } = entry.expected.values;
        const results = bench.first ? Array.from(await work.results(1)) : [];
        if (bench.first) entry.first = performance.now() - opened;
        if (length > results.length) results.push(...Array.from(await work.results(length - results.length)));
        compare(results, entry.expected);
        if (work.sample) await work.sample();
        else await warmUp(entry, work, bench.steps, PACES[options.size ?? 'full']);
      });
    }
    for (let run = 0; run < runs; run++) {
      for (let turn = 0; turn < entries.length; turn++) {
        const entry = entries[(turn + run) % entries.length] as Entry;
        await turnOf(entry, `sample ${run + 1} of ${runs}`, async (work) => {
          if (entry.samples.length >= entry.most) return;
          entry.samples.push(await (work.sample ? work.sample() : timed(entry, work)));
        });
        onRows?.(rowsSoFar(bench, entries, options.roof));
      }
    }
  } finally {
    for (const { work } of entries) work?.dispose();
  }
  const rows = rowsSoFar(bench, entries, options.roof);
  if (!bench.first) return rows;
  const firsts = entries.map((entry): Timing => {
    const { first } = entry;
    return { ...timingOf(entry), samples: first === null ? [] : [first], calls: null };
  });
  return [...rows, ...rowsOf({ suite: bench.suite, case: firstOf(bench.name), unit: 'ms' }, firsts)];
}

function rowsSoFar(
  { suite, name, unit, cost, control = false }: BenchCase,
  entries: readonly Entry[],
  roof: Roof | undefined,
): Row[] {
  const at = { suite, case: name, unit, control, ...(cost ? { cost } : {}), ...(roof ? { roof } : {}) };
  return rowsOf(at, entries.map(timingOf));
}

/** `mlp/first` of `mlp/free`. */
const firstOf = (name: string): string => name.replace(/\/[^/]*$/, '/first');

const entryOf = (bench: BenchCase, contestant: Contestant): Entry => ({
  contestant,
  expected: (contestant.expected ?? bench.expected)(),
  identity: { version: 'unknown', adapter: 'none' },
  work: null,
  steps: 1,
  blocks: 1,
  most: Number.POSITIVE_INFINITY,
  samples: [],
  first: null,
  calls: null,
  failed: null,
});

/** Runs until everything is compiled, finds out how much a sample takes, and counts the calls of a block. */
async function warmUp(entry: Entry, work: Work, steps: number | undefined, pace: Pace): Promise<void> {
  const timeOf = async (count: number): Promise<number> => {
    const start = performance.now();
    await work.run(count);
    return Math.max(0.01, performance.now() - start);
  };
  await work.run(steps ?? 1);
  entry.steps = steps ?? 1;
  // Twice, as the price of the one number that comes back is most of a short block.
  for (let round = 0; steps === undefined && round < 2; round++) {
    const each = (await timeOf(entry.steps)) / entry.steps;
    entry.steps = Math.min(MOST_STEPS, Math.max(1, Math.floor(pace.block / each)));
    if (entry.steps === 1) break;
  }
  entry.calls = await countCalls(entry.steps, () => work.run(entry.steps));
  const took = await timeOf(entry.steps);
  entry.blocks = Math.min(MOST_BLOCKS, Math.ceil(pace.sample / took));
  if (took > SLOW.milliseconds) entry.most = SLOW.samples;
}

/** Milliseconds of a step. */
async function timed({ steps, blocks }: Entry, work: Work): Promise<number> {
  const start = performance.now();
  for (let count = 0; count < blocks; count++) await work.run(steps);
  return (performance.now() - start) / (steps * blocks);
}

const timingOf = ({ contestant: { engine }, identity, samples, calls, failed }: Entry): Timing => ({
  engine,
  ...identity,
  samples,
  calls: failed === null ? calls : null,
  failed,
});

/** Throws where one result is off. */
export function compare(results: ArrayLike<number>, { values, tolerance, name }: Expected): void {
  for (let index = 0; index < values.length; index++) {
    const [got = Number.NaN, want = Number.NaN] = [results[index], values[index]];
    if (Math.abs(got - want) <= tolerance(index)) continue;
    throw new Error(`wrong result: ${name(index)} is ${got}, expected ${want}`);
  }
}
