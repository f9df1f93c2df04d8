/** The training loop: epochs of steps, many steps per submit, read back late and in order. */

import type { ColumnSource, Columns } from '../../data/columns.js';
import { type BatchSource, isBatchSource } from '../../data/stream.js';
import type { CallbackContext } from './callbacks.js';
import { arrayEpochs, type Epochs, streamedEpochs } from './epochs.js';
import { evaluateColumns } from './evaluate.js';
import { checkFitOptions, type FitOptions } from './fit-options.js';
import { EpochLogs } from './logs.js';
import { checkLastUpdate } from './nonfinite.js';
import { Pace } from './pace.js';
import type { FitRun, History } from './run.js';
import {
  callEach,
  drain,
  type Epoch,
  ending,
  keepPace,
  queuePiece,
  type Session,
  type Stretch,
} from './session.js';
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
  const session: Session = {
    trainer,
    options,
    run,
    pace: new Pace(options.stepsPerSubmit),
    history: { epoch: [], history: {} },
    context: { model, stop: () => run.stop() },
    pending: [],
  };
  await trainer.backend();
  trainer.clearFaults();
  const epochs = await (isBatchSource(source)
    ? streamedEpochs(session, source)
    : arrayEpochs(session, source));
  await callEach(session, (callback) => callback.onTrainBegin?.(session.context));
  await runEpochs(session, epochs);
  await callEach(session, (callback) => callback.onTrainEnd?.(session.context));
  options.signal?.throwIfAborted();
  return session.history;
}

async function runEpochs(session: Session, { start, most, validation }: Epochs): Promise<void> {
  const { trainer, options } = session;
  const { position } = trainer;
  const { epochs = 1, callbacks = [] } = options;
  const paused =
    validation !== null || callbacks.some((callback) => callback.onEpochBegin ?? callback.onEpochEnd);
  let interrupted = options.resume === true && position.batch > 0;
  for (let index = 0; index < epochs && !ending(session); ) {
    if (!interrupted) {
      position.epoch++;
      position.batch = 0;
    }
    const together = paused || interrupted ? 1 : Math.min(epochs - index, most);
    interrupted = false;
    await callEach(session, (callback) => callback.onEpochBegin?.(index, session.context));
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
    const cut = ending(session) && (batches === null || position.batch < batches);
    if (!cut) position.batch = 0;
    for (const epoch of stretch.epochs) {
      session.pending.push(() => endEpoch(session, epoch, cut ? null : validation, !cut));
    }
    if (paused) await drain(session);
    index += together;
  }
  await drain(session);
  await checkLastUpdate(trainer, session.history.epoch.at(-1) ?? 0);
}

const newEpoch = ({ trainer }: Session, index: number): Epoch => ({
  index,
  logs: new EpochLogs(trainer.logNames),
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
    const values = await evaluateColumns(trainer, 'validate', validation, options.batchSize ?? 32);
    for (const [name, value] of Object.entries(values)) logs[`val_${name}`] = value;
  }
  history.epoch.push(epoch.index);
  for (const [name, value] of Object.entries(logs)) {
    history.history[name] ??= [];
    history.history[name].push(value);
  }
  if (whole) await callEach(session, (callback) => callback.onEpochEnd?.(epoch.index, logs, context));
}
