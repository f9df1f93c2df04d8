/** The training loop: epochs of steps, many steps per submit, read back late and in order. */

import type { ColumnSource, Columns } from '../../data/columns.js';
import { type BatchSource, isBatchSource } from '../../data/stream.js';
import { chosenBatchSize } from '../fixed-batch.js';
import type { CallbackContext } from './callbacks.js';
import { arrayEpochs, type Epochs, streamedEpochs } from './epochs.js';
import { evaluateColumns } from './evaluate.js';
import { checkFitOptions, type FitOptions } from './fit-options.js';
import {
  callEach,
  drain,
  type Epoch,
  ending,
  keepPace,
  locatorOf,
  queuePiece,
  type Session,
  type Stretch,
} from './fit-session.js';
import { EpochLogs } from './logs.js';
import { checkLastUpdate } from './nonfinite.js';
import { Pace } from './pace.js';
import type { FitRun, History } from './run.js';
import type { Trainer } from './trainer.js';

/** Trains. The history is that of whole epochs and of the one that was cut short, if any. */
export async function runFit(
  trainer: Trainer,
  source: ColumnSource | BatchSource,
  options: FitOptions,
  run: FitRun,
  model: CallbackContext['model'],
): Promise<History> {
  checkFitOptions(options);
  options.signal?.throwIfAborted();
  const end = endOf(run, options.signal);
  const session: Session = {
    trainer,
    options,
    run,
    pace: new Pace(options.stepsPerSubmit),
    history: { epoch: [], history: {} },
    context: { model, stop: () => run.stop() },
    pending: [],
    queued: [],
    last: null,
    ended: end.reached,
  };
  try {
    await trainer.backend();
    trainer.clearFaults();
    await trainer.settle();
    trainer.followed = () => locatorOf(session);
    await train(session, source);
  } finally {
    trainer.followed = null;
    end.forget();
  }
  options.signal?.throwIfAborted();
  return session.history;
}

async function train(session: Session, source: ColumnSource | BatchSource): Promise<void> {
  const { trainer } = session;
  const epochs = await (isBatchSource(source)
    ? streamedEpochs(session, source)
    : arrayEpochs(session, source));
  try {
    await callEach(session, (callback) => callback.onTrainBegin?.(session.context));
    await runEpochs(session, epochs);
    await callEach(session, (callback) => callback.onTrainEnd?.(session.context));
  } catch (error) {
    await trainer.settle().catch(() => {});
    trainer.clearFaults();
    await epochs.close().catch(() => {});
    throw error;
  }
  await epochs.close();
}

async function runEpochs(session: Session, { start, most, validation, identity }: Epochs): Promise<void> {
  const { trainer, options } = session;
  const { position } = trainer;
  const { epochs = 1, callbacks = [], resume = false } = options;
  const paused =
    validation !== null || callbacks.some((callback) => callback.onEpochBegin ?? callback.onEpochEnd);
  if (!resume && position.batch > 0) Object.assign(position, { epoch: position.epoch + 1, batch: 0 });
  Object.assign(position, identity);
  for (let index = 0; index < epochs && !ending(session); ) {
    const together = paused || position.batch > 0 ? 1 : Math.min(epochs - index, most);
    await callEach(session, (callback) => callback.onEpochBegin?.(index, session.context));
    session.pace.restart();
    const { batches, pieces } = start(together);
    const stretch: Stretch = {
      epochs: Array.from({ length: together }, (_, offset) => newEpoch(session, index + offset)),
      batches,
      start: position.epoch,
    };
    for await (const piece of pieces) {
      queuePiece(session, stretch, piece);
      await keepPace(session);
      if (ending(session)) break;
    }
    if (batches === null && !ending(session))
      Object.assign(position, { epoch: position.epoch + 1, batch: 0 });
    for (const [offset, epoch] of stretch.epochs.entries()) {
      const whole = stretch.start + offset < position.epoch;
      session.pending.push(() => endEpoch(session, epoch, whole ? validation : null, whole));
    }
    if (paused) await drain(session);
    index += together;
  }
  await drain(session);
  await checkLastUpdate(trainer, session.last);
}

/** `reached` resolves when `run` is stopped or `signal` aborted; `forget` lets go of the signal. */
function endOf(run: FitRun, signal?: AbortSignal): { reached: Promise<void>; forget: () => void } {
  let resolve = (): void => {};
  const reached = new Promise<void>((settle) => {
    resolve = settle;
  });
  run.onStop(resolve);
  signal?.addEventListener('abort', resolve, { once: true });
  return { reached, forget: () => signal?.removeEventListener('abort', resolve) };
}

const newEpoch = ({ trainer }: Session, index: number): Epoch => ({
  index,
  logs: new EpochLogs(trainer.setup.log),
});

/** Records an epoch, evaluates and tells the callbacks, once all its steps have been reported. */
async function endEpoch(
  session: Session,
  epoch: Epoch,
  validation: Columns | null,
  whole: boolean,
): Promise<void> {
  const { trainer, options, history, context } = session;
  if (epoch.logs.examples === 0) return;
  const logs: Record<string, number> = { ...epoch.logs.means() };
  if (validation) {
    const batchSize = chosenBatchSize('fit', trainer.network, options.batchSize);
    const values = await evaluateColumns(trainer, 'validate', validation, batchSize);
    for (const [name, value] of Object.entries(values)) logs[`val_${name}`] = value;
  }
  history.epoch.push(epoch.index);
  for (const [name, value] of Object.entries(logs)) {
    history.history[name] ??= [];
    history.history[name].push(value);
  }
  if (whole) await callEach(session, (callback) => callback.onEpochEnd?.(epoch.index, logs, context));
}
