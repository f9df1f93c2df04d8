/** Where the steps of an epoch come from: data that lie on the device, arrays too large for it, or an iterable of batches. */

import { type ColumnSource, type Columns, requireTargets, rowsOf, takeRows } from '../../data/columns.js';
import { type BatchSource, streamBatches } from '../../data/stream.js';
import { HeddleError, type Program } from '../../engine/index.js';
import { checkRows, chosenBatchSize } from '../fixed-batch.js';
import { batchFeeds, epochOrder } from './batches.js';
import { rejectOptions } from './fit-options.js';
import type { Piece, Session } from './fit-session.js';
import { RING_ROWS } from './log.js';
import type { Position, Trainer } from './trainer.js';

export interface Epochs {
  /** Begins `count` epochs, the first that which the trainer's position names, from its batch on. */
  readonly start: (count: number) => {
    /** Steps in each epoch; `null` where nobody knows. */
    readonly batches: number | null;
    readonly pieces: Iterable<Piece> | AsyncIterable<Piece>;
  };
  /** How many epochs may be begun together. */
  readonly most: number;
  readonly validation: Columns | null;
  /** What an interrupted epoch must have in common with the one that goes on with it. */
  readonly identity: Pick<Position, 'rows' | 'batchSize'>;
  /** Lets go of what the epochs come from. */
  readonly close: () => Promise<void>;
}

const nothingToClose = async (): Promise<void> => {};

/** Epochs over arrays. They are uploaded once, and batches are gathered on the device; arrays too large for that are fed. */
export async function arrayEpochs(session: Session, source: ColumnSource): Promise<Epochs> {
  const { trainer, options, pace } = session;
  const { shuffle = true, validationSplit = 0, validationData, onCompile } = options;
  const batchSize = chosenBatchSize('fit', trainer.network, options.batchSize);
  rejectOptions(
    options,
    ['stepsPerEpoch'],
    'an epoch over arrays takes all rows; pass an iterable of batches',
  );
  const all = await trainer.columns('fit', source);
  requireTargets('fit', all);
  const kept = Math.floor(all.rows * (1 - validationSplit));
  if (kept === 0) throw nothingLeft(all.rows, validationSplit);
  const columns = rowsOf(all, 0, kept);
  checkRows('fit', validationSplit > 0 ? 'x without its validationSplit' : 'x', trainer.network, kept);
  const identity = { rows: kept, batchSize };
  if (options.resume) checkResumed(trainer, identity);
  const held = validationData ? await trainer.columns('fit', validationData) : rowsOf(all, kept, all.rows);
  const validation = held.rows > 0 ? held : null;
  if (validation) checkValidation(trainer, validation);
  const dataset = await trainer.dataset('train', columns);
  if (!dataset)
    return {
      start: fedEpoch(session, columns, batchSize),
      most: 1,
      validation,
      identity,
      close: nothingToClose,
    };

  const { rows } = columns;
  const full = Math.floor(rows / batchSize);
  const rest = rows % batchSize;
  const batches = full + (rest > 0 ? 1 : 0);
  const size = full > 0 ? batchSize : rest;
  /** All steps are of one size: epochs may follow each other within a submit. */
  const even = full === 0 || rest === 0;
  const programOf = (size: number): Promise<Program> =>
    trainer.trainingProgram('train', dataset, size, onCompile);
  if (full > 0) await programOf(batchSize);
  if (rest > 0) await programOf(rest);
  const { position, network } = trainer;
  // Programs are asked for anew each time, since other calls may have driven one out of the cache.
  async function* pieces(count: number): AsyncGenerator<Piece> {
    let left = (even ? count * batches : full) - position.batch;
    while (left > 0) {
      const times = Math.min(pace.steps, left, RING_ROWS);
      left -= times;
      yield { program: await programOf(size), feeds: {}, size, times };
    }
    if (!even && position.batch === full)
      yield { program: await programOf(rest), feeds: {}, size: rest, times: 1 };
  }
  return {
    validation,
    identity,
    close: nothingToClose,
    most: even ? dataset.orders : 1,
    start(count) {
      const first = position.epoch;
      dataset.takeIn(
        Array.from({ length: count }, (_, index) => epochOrder(rows, shuffle, network.seed, first + index)),
      );
      network.control.cursor.assign(Uint32Array.of(position.batch * batchSize));
      return { batches, pieces: pieces(count) };
    },
  };
}

function fedEpoch({ trainer, options }: Session, columns: Columns, batchSize: number): Epochs['start'] {
  const { shuffle = true, onCompile } = options;
  const { position, network } = trainer;
  async function* pieces(): AsyncGenerator<Piece> {
    const order = epochOrder(columns.rows, shuffle, network.seed, position.epoch);
    for (let from = position.batch * batchSize; from < columns.rows; from += batchSize) {
      const batch = takeRows(columns, order, from, Math.min(columns.rows, from + batchSize));
      const program = await trainer.fedProgram('train', batch, onCompile);
      yield { program, feeds: batchFeeds(batch), size: batch.rows, times: 1 };
    }
  }
  return () => ({ batches: Math.ceil(columns.rows / batchSize), pieces: pieces() });
}

/** Epochs over an iterable of batches: the next one is fetched while the device works on the last. */
export async function streamedEpochs(session: Session, source: BatchSource): Promise<Epochs> {
  const { trainer, options, ended } = session;
  const { stepsPerEpoch, onCompile, validationData } = options;
  rejectOptions(
    options,
    ['batchSize', 'shuffle', 'validationSplit', 'sampleWeight'],
    'the iterable decides: it gives batches { x, y, sampleWeight? }; pass validationData for validation',
  );
  const identity = { rows: 0, batchSize: stepsPerEpoch ?? 0 };
  if (options.resume) checkResumed(trainer, identity);
  const { position, programs } = trainer;
  const stream = streamBatches(source, (batch) => trainer.columns('fit', batch), {
    steps: stepsPerEpoch,
    ended,
  });
  async function* pieces(): AsyncGenerator<Piece> {
    for await (const batch of stream.epoch(position.batch)) {
      requireTargets('fit', batch);
      checkRows('fit', 'a batch', trainer.network, batch.rows, 1);
      const program = await trainer.fedProgram('train', batch, onCompile);
      yield { program, feeds: batchFeeds(batch), size: batch.rows, times: 1 };
      // A stream may bring ever new shapes: only programs that are still to be reported stay.
      programs.letGo(trainer);
    }
  }
  const validation = validationData ? await trainer.columns('fit', validationData) : null;
  if (validation) checkValidation(trainer, validation);
  return {
    start: () => ({ batches: stepsPerEpoch ?? null, pieces: pieces() }),
    most: 1,
    validation,
    identity,
    close: stream.close,
  };
}

function checkValidation({ network }: Trainer, validation: Columns): void {
  requireTargets('fit', validation);
  checkRows('fit', 'the validation data', network, validation.rows);
}

/** Throws where an interrupted epoch cannot go on with these data. */
function checkResumed({ position }: Trainer, { rows, batchSize }: Epochs['identity']): void {
  const same = position.rows === rows && position.batchSize === batchSize;
  if (position.batch === 0 || same) return;
  throw new HeddleError({
    op: 'fit',
    message: `the interrupted epoch had ${said(position)}, now there are ${said({ rows, batchSize })}`,
    roles: ['resume', 'batchSize', 'x'],
    values: { before: [position.rows, position.batchSize], now: [rows, batchSize] },
    fix: 'resume with the same data and batchSize, or begin a new epoch: resume: false',
  });
}

const said = ({ rows, batchSize }: Epochs['identity']): string =>
  rows > 0
    ? `${rows} rows in batches of ${batchSize}`
    : `batches of an iterable, ${batchSize || 'any number'} an epoch`;

const nothingLeft = (rows: number, validationSplit: number): HeddleError =>
  new HeddleError({
    op: 'fit',
    message: `validationSplit ${validationSplit} of ${rows} rows leaves none to train on`,
    roles: ['validationSplit', 'x'],
    values: { validationSplit, rows },
    fix: 'use a smaller fraction, or more data',
  });
