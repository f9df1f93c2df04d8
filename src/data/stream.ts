/** Batches from an iterable: any source of `{ x, y, sampleWeight? }`, one epoch at a time or endless. */

import { HeddleError } from '../engine/index.js';
import type { ColumnSource, Columns } from './columns.js';

/** Batches, in memory or produced as they are needed. An object that can be iterated again gives one epoch each time. */
export type BatchSource = Iterable<ColumnSource> | AsyncIterable<ColumnSource>;

/** Whether `source` gives batches: anything that can be iterated, arrays where their first entry is a batch. */
export function isBatchSource(source: unknown): source is BatchSource {
  if (typeof source !== 'object' || source === null || ArrayBuffer.isView(source)) return false;
  if (Array.isArray(source)) return isBatch(source[0]);
  return Symbol.asyncIterator in source || Symbol.iterator in source;
}

export interface StreamOptions {
  /** Batches of an epoch; without, an epoch is the whole source. */
  readonly steps?: number | undefined;
  /** Ends the stream when it resolves, also while the source is waited for. */
  readonly ended: Promise<void>;
}

export interface Stream {
  /** The batches of the next epoch, but for its first `done`. */
  epoch(done: number): AsyncGenerator<Columns>;
  /** Tells the source that no more batches are wanted. */
  close(): Promise<void>;
}

/**
 * Epochs from an iterable. With `steps`, an epoch is that many batches and the iteration goes on from one epoch to the next, starting
 * again where the source ends. Each iteration of the source is closed.
 *
 * @throws HeddleError from the iteration, where the source has no batch to give.
 */
export function streamBatches(
  source: BatchSource,
  check: (batch: ColumnSource) => Promise<Columns>,
  { steps, ended }: StreamOptions,
): Stream {
  let current: AsyncIterator<ColumnSource> | Iterator<ColumnSource> | null = null;
  let waiting = false;
  const end = ended.then(() => null);

  /** The next result, `null` at the end of the run. */
  async function next(): Promise<IteratorResult<ColumnSource> | null> {
    current ??= iterate(source);
    waiting = true;
    const result = await Promise.race([current.next(), end]);
    if (result) waiting = false;
    return result;
  }

  async function close(): Promise<void> {
    const closing = current;
    current = null;
    // A source that is still being waited for may never answer.
    const answer = Promise.resolve(closing?.return?.());
    if (waiting) answer.catch(() => {});
    else await answer;
  }

  async function* epoch(done: number): AsyncGenerator<Columns> {
    let given = done;
    let restarted = false;
    while (steps === undefined || given < steps) {
      const result = await next();
      if (!result) return;
      if (!result.done) {
        if (!isBatch(result.value)) throw noBatch(result.value, given);
        given++;
        restarted = false;
        yield await check(result.value);
        continue;
      }
      current = null;
      if (steps === undefined) break;
      if (restarted) throw exhausted(given, steps);
      restarted = true;
    }
    if (given === 0) throw exhausted(given, steps);
  }

  return {
    close,
    async *epoch(done) {
      try {
        yield* epoch(done);
      } finally {
        if (steps === undefined) await close();
      }
    },
  };
}

const isBatch = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'x' in value;

const noBatch = (value: unknown, index: number): HeddleError =>
  new HeddleError({
    op: 'fit',
    message: `batch ${index} is ${Array.isArray(value) ? 'a list' : value === null ? 'null' : typeof value === 'object' ? 'an object without x' : typeof value}`,
    roles: ['batches'],
    values: { batch: index },
    fix: 'give batches as { x, y, sampleWeight? }',
  });

const iterate = (source: BatchSource): AsyncIterator<ColumnSource> | Iterator<ColumnSource> =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();

function exhausted(given: number, steps: number | undefined): HeddleError {
  return new HeddleError({
    op: 'fit',
    message: `the iterable ended after ${given} batches${steps === undefined ? '' : ` of the ${steps} of this epoch`}`,
    roles: ['batches'],
    values: { given, steps },
    fix: 'pass an object that can be iterated again (an array, or { [Symbol.asyncIterator]() { … } }), or fewer epochs',
  });
}
