/**
 * Times one case. All engines take turns in the same page, block by block and each time in another order, so that whatever else the
 * machine does meets all of them alike; only their ratios mean something.
 */

import { countCalls } from './calls.js';
import type { BenchCase, Contestant, Work } from './case.js';
import type { DeviceCalls, Row, Timing } from './row.js';
import { rowsOf } from './row.js';

export interface MeasureOptions {
  /** Timed blocks of each engine. */
  readonly runs: number;
  readonly signal?: AbortSignal;
  /** Told before each block: what happens, and how many of how many blocks of this case are done. */
  readonly onBlock?: (text: string, done: number, total: number) => void;
}

/** How far losses may be off, relative to the expected one. Wrong kernels miss by far more; float32 sums stay well below. */
const LOSS_TOLERANCE = 2e-4;

interface Entry {
  readonly contestant: Contestant;
  work: Work | null;
  readonly samples: number[];
  calls: DeviceCalls | null;
  failed: string | null;
}

export async function measure(bench: BenchCase, options: MeasureOptions): Promise<Row[]> {
  const { runs, signal, onBlock } = options;
  const expected = bench.expected();
  const entries = bench.contestants.map(
    (contestant): Entry => ({ contestant, work: null, samples: [], calls: null, failed: null }),
  );
  const total = entries.length * (runs + 1);
  let done = 0;
  const block = async (entry: Entry, what: string, act: (work: Work) => Promise<void>): Promise<void> => {
    signal?.throwIfAborted();
    onBlock?.(`${bench.name}: ${entry.contestant.engine}, ${what}`, done, total);
    done++;
    if (entry.failed !== null) return;
    try {
      entry.work ??= await entry.contestant.open();
      await act(entry.work);
    } catch (error) {
      entry.failed = error instanceof Error ? error.message : String(error);
    }
  };
  try {
    for (const entry of entries) {
      await block(entry, 'checking and warming up', async (work) => {
        compareLosses(await work.losses(expected.length), expected);
        await work.run(bench.steps);
        entry.calls = await countCalls(bench.steps, () => work.run(bench.steps));
      });
    }
    for (let run = 0; run < runs; run++) {
      for (let turn = 0; turn < entries.length; turn++) {
        const entry = entries[(turn + run) % entries.length] as Entry;
        await block(entry, `block ${run + 1} of ${runs}`, async (work) => {
          const start = performance.now();
          await work.run(bench.steps);
          entry.samples.push((performance.now() - start) / bench.steps);
        });
      }
    }
  } finally {
    for (const { work } of entries) work?.dispose();
  }
  const timings = await Promise.all(entries.map(timingOf));
  return rowsOf({ suite: bench.suite, case: bench.name, unit: bench.unit }, timings);
}

async function timingOf({ contestant, samples, calls, failed }: Entry): Promise<Timing> {
  const { engine } = contestant;
  return { engine, ...(await contestant.describe()), samples, calls: failed === null ? calls : null, failed };
}

/** Throws where one loss is off. */
export function compareLosses(losses: readonly number[], expected: readonly number[]): void {
  expected.forEach((want, index) => {
    const got = losses[index] ?? Number.NaN;
    if (Math.abs(got - want) <= LOSS_TOLERANCE * Math.abs(want)) return;
    throw new Error(`wrong result: the loss of step ${index + 1} is ${got}, expected ${want}`);
  });
}
