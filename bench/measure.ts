/**
 * Times one case. All engines take turns in the same page, sample by sample and each time in another order, so that whatever else the
 * machine does meets all of them alike; only their ratios mean something.
 */

import { countCalls } from './calls.js';
import type { BenchCase, Contestant, Work } from './case.js';
import type { DeviceCalls, Row, Timing } from './row.js';
import { rowsOf } from './row.js';

export interface MeasureOptions {
  /** Samples of each engine. */
  readonly runs: number;
  readonly signal?: AbortSignal;
  /** Told before each sample: what happens, and how many of how many are done in this case. */
  readonly onSample?: (text: string, done: number, total: number) => void;
}

/** How far losses may be off, relative to the expected one. Wrong kernels miss by far more; float32 sums stay well below. */
const LOSS_TOLERANCE = 2e-4;

/** A sample takes as many blocks as make it last this long: one hiccup of the machine must not be the whole of it. */
const SAMPLE_MS = 250;
const MOST_BLOCKS = 8;

interface Entry {
  readonly contestant: Contestant;
  work: Work | null;
  /** Blocks in one sample. */
  blocks: number;
  readonly samples: number[];
  first: number | null;
  calls: DeviceCalls | null;
  failed: string | null;
}

export async function measure(bench: BenchCase, options: MeasureOptions): Promise<Row[]> {
  const { runs, signal, onSample } = options;
  // Neither the oracle nor an engine's start belongs to a first step.
  const expected = bench.contestants.map((contestant) => (contestant.expected ?? bench.expected)());
  const entries = bench.contestants.map(
    (contestant): Entry => ({
      contestant,
      work: null,
      blocks: 1,
      samples: [],
      first: null,
      calls: null,
      failed: null,
    }),
  );
  const total = entries.length * (runs + 1);
  let done = 0;
  let opened = 0;
  const turnOf = async (entry: Entry, what: string, act: (work: Work) => Promise<void>): Promise<void> => {
    signal?.throwIfAborted();
    onSample?.(`${bench.name}: ${entry.contestant.engine}, ${what}`, done, total);
    done++;
    if (entry.failed !== null) return;
    try {
      if (!entry.work) {
        await entry.contestant.describe();
        opened = performance.now();
        entry.work = await entry.contestant.open();
      }
      await act(entry.work);
    } catch (error) {
      entry.failed = error instanceof Error ? error.message : String(error);
    }
  };
  try {
    for (const [index, entry] of entries.entries()) {
      await turnOf(entry, 'checking and warming up', async (work) => {
        const wantedLosses = expected[index] ?? [];
        const losses = bench.first ? await work.losses(1) : [];
        if (bench.first) entry.first = performance.now() - opened;
        losses.push(...(await work.losses(wantedLosses.length - losses.length)));
        compareLosses(losses, wantedLosses);
        await work.run(bench.steps);
        const start = performance.now();
        entry.calls = await countCalls(bench.steps, () => work.run(bench.steps));
        const wanted = Math.ceil(SAMPLE_MS / Math.max(1, performance.now() - start));
        entry.blocks = Math.min(MOST_BLOCKS, wanted);
      });
    }
    for (let run = 0; run < runs; run++) {
      for (let turn = 0; turn < entries.length; turn++) {
        const entry = entries[(turn + run) % entries.length] as Entry;
        await turnOf(entry, `sample ${run + 1} of ${runs}`, async (work) => {
          const start = performance.now();
          for (let count = 0; count < entry.blocks; count++) await work.run(bench.steps);
          entry.samples.push((performance.now() - start) / (bench.steps * entry.blocks));
        });
      }
    }
  } finally {
    for (const { work } of entries) work?.dispose();
  }
  const timings = await Promise.all(entries.map(timingOf));
  return rowsOf({ suite: bench.suite, case: bench.name, unit: bench.unit }, timings);
}

async function timingOf({ contestant, samples, first, calls, failed }: Entry): Promise<Timing> {
  const { engine } = contestant;
  const right = failed === null;
  return {
    engine,
    ...(await contestant.describe()),
    samples,
    first: right ? first : null,
    calls: right ? calls : null,
    failed,
  };
}

/** Throws where one loss is off. */
export function compareLosses(losses: readonly number[], expected: readonly number[]): void {
  expected.forEach((want, index) => {
    const got = losses[index] ?? Number.NaN;
    if (Math.abs(got - want) <= LOSS_TOLERANCE * Math.abs(want)) return;
    throw new Error(`wrong result: the loss of step ${index + 1} is ${got}, expected ${want}`);
  });
}
