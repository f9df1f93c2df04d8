/** Which of an op's kernels is fastest here? Measures what programs ask for, in bounded time, and gives a table that programs compile by. */

import { mergeRequests, type TunableRequest, tunableRequests } from '../compiler/tunable.js';
import { adapterName } from '../core/adapter.js';
import { HeddleError, messageOf, rejectUnknownOptions } from '../core/errors.js';
import type { Backend } from './backend.js';
import { graphOf, type ProgramSpec, sharedBackend, variablesOf } from './compile.js';
import { assertAlive } from './store.js';
import { type MeasureOptions, measure, type TuningMeasurement } from './tune-measure.js';
import { Pace } from './tune-pace.js';
import { type TuningStore, tuningStore } from './tuning-store.js';
import { type TuningTable, tuningTable } from './tuning-table.js';

export interface TuneOptions {
  /** How long to measure at most, compilation included; looked at between samples. Default 3000. */
  readonly milliseconds?: number;
  /** Kernels tried for one request, of those that rank best. Default 4. */
  readonly variants?: number;
  /** Measures in idle moments alone (`requestIdleCallback`), in short pieces; waiting for them is no part of `milliseconds`. Default `false`. */
  readonly idle?: boolean;
  /**
   * Starts from what is remembered for this adapter, measures only what is not, and remembers that too: `true` by `tuningStore()`, or in a
   * store of one's own. One that fails costs a warning, not the tuning. Default `false`.
   */
  readonly remember?: boolean | TuningStore;
  /** Measures again what is remembered: after a new driver, say. Default `false`. */
  readonly again?: boolean;
  /** Ends it; the promise then rejects with an `AbortError`, and nothing is changed. */
  readonly signal?: AbortSignal;
  /** Called as requests are measured: `(4, 9)` reads "4 of 9 are done". */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A request that could not be measured; the heuristics go on choosing for it. */
export interface TuningFailure {
  readonly op: string;
  /** The request, as tables call it. */
  readonly key: string;
  readonly reason: HeddleError;
}

export interface TuningReport {
  /** The kernel for each request that was measured or remembered. */
  readonly table: TuningTable;
  /** What was measured now, most work first. */
  readonly measured: readonly TuningMeasurement[];
  /** Requests of which no kernel works here, or which the device has no room for. */
  readonly failed: readonly TuningFailure[];
  /** Whether the time sufficed for all. Otherwise the heuristics go on choosing for the rest. */
  readonly complete: boolean;
  /**
   * Whether the table is kept where `remember` said. `false` where it said nothing, and, with a warning, where that can
   * be neither read nor written.
   */
  readonly remembered: boolean;
}

export const TUNE_OPTIONS: readonly (keyof TuneOptions)[] = [
  'milliseconds',
  'variants',
  'idle',
  'remember',
  'again',
  'signal',
  'onProgress',
];

/** `tune` for the programs that `specs` describe; none of them is compiled or run, and no variable of theirs is touched. */
export async function tunePrograms(
  specs: readonly ProgramSpec[],
  options: TuneOptions = {},
): Promise<TuningReport> {
  rejectUnknownOptions('tune', options, TUNE_OPTIONS);
  const { milliseconds = 3000, variants = 4, idle = false, remember = false, again = false } = options;
  checkPositive('milliseconds', milliseconds, milliseconds > 0);
  checkPositive('variants', variants, Number.isInteger(variants) && variants > 1);
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const { backend, requests } = await requestsOf(specs);
  const adapter = adapterName(backend.adapter);
  const asked = remember === true ? tuningStore() : remember || null;
  const kept = asked && (await recalled(asked, adapter));
  // What cannot be read is not written to: it may be damaged.
  const store = kept && asked;
  const known = kept?.table?.entries ?? {};
  const entries = new Map<string, string>();
  const open: TunableRequest[] = [];
  for (const request of requests) {
    const before = again || !Object.hasOwn(known, request.key) ? undefined : known[request.key];
    if (before !== undefined && request.candidates.some(({ key }) => key === before))
      entries.set(request.key, before);
    else open.push(request);
  }
  const measured: TuningMeasurement[] = [];
  const failed: TuningFailure[] = [];
  const done = (): number => measured.length + failed.length;
  const pace = new Pace({ milliseconds, idle, signal });
  onProgress?.(0, open.length);
  for (const request of open) {
    const found = await attempt(request, { backend, variants, idle, pace });
    signal?.throwIfAborted();
    if (!found) break;
    if ('reason' in found) failed.push(found);
    else {
      measured.push(found);
      entries.set(found.key, found.chosen);
    }
    onProgress?.(done(), open.length);
  }
  const table = tuningTable(adapter, entries);
  const remembered = store !== null && (measured.length === 0 || (await written(store, table)));
  return { table, measured, failed, complete: done() === open.length, remembered };
}

/** Measures `request`. What is wrong with it alone is told, and the others have their turn. */
async function attempt(
  request: TunableRequest,
  options: MeasureOptions,
): Promise<TuningMeasurement | TuningFailure | null> {
  try {
    return await measure(request, options);
  } catch (reason) {
    // Rejects where the device is gone: then nothing can be measured any more.
    await options.backend.settled();
    if (!(reason instanceof HeddleError)) throw reason;
    return { op: request.node.op.name, key: request.key, reason };
  }
}

/** What `store` holds for `adapter`; `null` where it cannot be read. Measuring needs it as little as programs do. */
async function recalled(
  store: TuningStore,
  adapter: string,
): Promise<{ readonly table: TuningTable | null } | null> {
  try {
    return { table: await store.read(adapter) };
  } catch (error) {
    console.warn(`Heddle: nothing is remembered of this tuning: ${messageOf(error)}`);
    return null;
  }
}

/** Whether `store` could keep `table`: what was measured is not lost for want of room. */
async function written(store: TuningStore, table: TuningTable): Promise<boolean> {
  try {
    await store.write(table);
    return true;
  } catch (error) {
    console.warn(`Heddle: the tuning table serves now, but is not remembered: ${messageOf(error)}`);
    return false;
  }
}

async function requestsOf(
  specs: readonly ProgramSpec[],
): Promise<{ backend: Backend; requests: readonly TunableRequest[] }> {
  const graphs = specs.map(({ name = 'program', ...spec }) => graphOf(name, spec).graph);
  const variables = graphs.flatMap(variablesOf);
  assertAlive('tune', variables);
  const backend = await sharedBackend(variables);
  if (backend.kind === 'cpu') {
    throw new HeddleError({
      op: 'tune',
      message: 'the CPU device runs the reference: there are no kernels to choose between',
      roles: ['device'],
      values: { device: 'cpu' },
      fix: "tune on a WebGPU device: init({ device: 'webgpu' })",
    });
  }
  const requests = graphs.flatMap((graph) => tunableRequests(graph, backend.capabilities));
  return { backend, requests: mergeRequests(requests) };
}

function checkPositive(role: string, value: number, fits: boolean): void {
  if (fits) return;
  throw new HeddleError({
    op: 'tune',
    message: `${role} is ${value}`,
    roles: [role],
    values: { [role]: value },
    fix: role === 'variants' ? 'give a whole number from 2 up' : 'give a number above 0',
  });
}
