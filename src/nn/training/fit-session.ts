/** A fit in work: what it has queued, what it must still report, and how it ends. */

import type { Feeds, Program } from '../../engine/index.js';
import type { Callback, CallbackContext } from './callbacks.js';
import type { FitOptions } from './fit-options.js';
import type { EpochLogs } from './logs.js';
import { type Halt, refusedStep } from './nonfinite.js';
import type { Pace } from './pace.js';
import type { FitRun, History } from './run.js';
import type { Locate, Position, Trainer } from './trainer.js';

/** Submits on their way while the host reads an earlier one. */
const IN_FLIGHT = 2;

export interface Session {
  readonly trainer: Trainer;
  readonly options: FitOptions;
  readonly run: FitRun;
  readonly pace: Pace;
  readonly history: History;
  readonly context: CallbackContext;
  /** What remains to be reported, in order; each entry waits for its numbers. */
  readonly pending: (() => Promise<void>)[];
  /** The last pieces queued, as many as can be unreported. */
  readonly queued: { readonly stretch: Stretch; readonly from: Position }[];
  /** The last step that was reported. */
  last: Omit<Halt, 'update'> | null;
  /** Resolves when the run is to end early. */
  readonly ended: Promise<void>;
}

/** An epoch in work. */
export interface Epoch {
  /** From 0 in this fit. */
  readonly index: number;
  readonly logs: EpochLogs;
}

/** Epochs that are queued without a pause in between: one, or several where epochs are shorter than a submit. */
export interface Stretch {
  readonly epochs: readonly Epoch[];
  /** Steps in each; `null` where nobody knows, and then there is one epoch. */
  readonly batches: number | null;
  /** The position's epoch in the first of them. */
  readonly start: number;
}

/** Equal steps that go into one submit. */
export interface Piece {
  /** Examples in each step. */
  readonly size: number;
  readonly times: number;
  readonly program: Program;
  readonly feeds: Feeds;
}

export const ending = ({ run, options }: Session): boolean =>
  run.stopping || options.signal?.aborted === true;

/** Calls one method of every callback, one after the other. */
export async function callEach(
  session: Session,
  call: (callback: Callback) => void | Promise<void>,
): Promise<void> {
  for (const callback of session.options.callbacks ?? []) await call(callback);
}

/** Waits until no more than the allowed number of submits is unreported. */
export async function keepPace({ pending, pace }: Session): Promise<void> {
  while (pending.length > (pace.exact ? 0 : IN_FLIGHT)) await pending.shift()?.();
}

/** Reports everything. */
export async function drain({ pending }: Session): Promise<void> {
  for (let report = pending.shift(); report; report = pending.shift()) await report();
}

/** Queues the steps of `piece`, and their report. */
export function queuePiece(session: Session, stretch: Stretch, { program, feeds, size, times }: Piece): void {
  const { trainer, pace, pending, queued } = session;
  const { position, setup } = trainer;
  const from = { ...position };
  program.submit(feeds, times);
  trainer.ran(program, size);
  Object.assign(position, after(stretch, from, times));
  queued.push({ stretch, from });
  if (queued.length > IN_FLIGHT + 2) queued.shift();
  const ring = setup.log.ring();
  ring.catch(() => {});
  pending.push(async () => {
    const rows = await ring;
    pace.finished(times);
    for (let offset = 0; offset < times; offset++) {
      const row = setup.log.row(rows, from.step + offset);
      const [loss = Number.NaN] = row;
      const reached = after(stretch, from, offset);
      const epoch = stretch.epochs[reached.epoch - stretch.start] as Epoch;
      const at = { epoch: epoch.index, batch: reached.batch, step: reached.step + 1, loss };
      if (!Number.isFinite(loss)) throw await refusedStep(trainer, program, feeds, at);
      session.last = at;
      await reportStep(session, { ...epoch, batches: stretch.batches }, at, row, size);
    }
  });
}

/** From the number of steps that the device has done to the position then: less than what was queued, where it refused a step. */
export function locatorOf({ trainer, queued }: Session): Locate {
  const pieces = [...queued];
  const position = { ...trainer.position };
  return (step) => {
    const piece = pieces.filter(({ from }) => from.step <= step).at(-1);
    return piece ? after(piece.stretch, piece.from, step - piece.from.step) : { ...position, step };
  };
}

/** Where `steps` steps lead from `from`. */
function after({ batches }: Stretch, from: Position, steps: number): Position {
  const batch = from.batch + steps;
  const step = from.step + steps;
  if (batches === null) return { ...from, batch, step };
  return { ...from, epoch: from.epoch + Math.floor(batch / batches), batch: batch % batches, step };
}

async function reportStep(
  session: Session,
  epoch: Epoch & Pick<Stretch, 'batches'>,
  at: Omit<Halt, 'update'>,
  row: readonly number[],
  size: number,
): Promise<void> {
  const { trainer, run, context } = session;
  epoch.logs.add(row, size);
  const { loss = Number.NaN, ...metrics } = trainer.setup.log.named(row);
  run.emit({
    epoch: epoch.index,
    step: at.step,
    batch: at.batch,
    batches: epoch.batches,
    size,
    loss,
    metrics,
  });
  await callEach(session, (callback) => callback.onBatchEnd?.(at.batch, { loss, ...metrics }, context));
}
