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

/**
 * A function that gives the batches of the next epoch. With `steps`, an epoch is that many batches and the iteration goes on from one
 * epoch to the next, starting again where the source ends; without, an epoch is the whole source.
 *
 * @throws HeddleError from the iteration, where the source has no batch to give.
 */
export function streamBatches(
  source: BatchSource,
  check: (batch: ColumnSource) => Promise<Columns>,
  steps?: number,
): () => AsyncGenerator<Columns> {
  let current: AsyncIterator<ColumnSource> | Iterator<ColumnSource> | null = null;

  async function* nextEpoch(): AsyncGenerator<Columns> {
    let given = 0;
    let restarted = false;
    while (steps === undefined || given < steps) {
      current ??= iterate(source);
      const { done, value } = await current.next();
      if (!done) {
        if (!isBatch(value)) throw noBatch(value, given);
        given++;
        restarted = false;
        yield await check(value);
        continue;
      }
      current = null;
      if (steps === undefined) break;
      if (restarted) throw exhausted(given, steps);
      restarted = true;
    }
    if (given === 0) throw exhausted(given, steps);
  }
  return nextEpoch;
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
