/** Means of loss and metrics over data, without training. Counts on its own, so that it may run in the midst of a fit. */

import { type Columns, rowsOf } from '../../data/columns.js';
import { batchFeeds, epochOrder } from './batches.js';
import type { Trainer, Use } from './trainer.js';

/** Steps in one submit: a few dozen milliseconds on a slow device. */
const STEPS_PER_SUBMIT = 32;

export function evaluateColumns(
  trainer: Trainer,
  use: Use,
  columns: Columns,
  batchSize: number,
): Promise<Record<string, number>> {
  return trainer.evaluating(() => evaluateAlone(trainer, use, columns, batchSize));
}

async function evaluateAlone(
  trainer: Trainer,
  use: Use,
  columns: Columns,
  batchSize: number,
): Promise<Record<string, number>> {
  const { control, log } = trainer.setup.evaluation;
  const dataset = await trainer.dataset(use, columns);
  for (const counter of [control.cursor, control.step, control.halted, control.fault])
    counter.assign(Uint32Array.of(0));
  log.clear();
  if (dataset) {
    dataset.takeIn([epochOrder(columns.rows, false, 0, 0)]);
    const full = Math.floor(columns.rows / batchSize);
    const rest = columns.rows % batchSize;
    if (full > 0) {
      const program = await trainer.evaluationProgram(use, dataset, batchSize);
      for (let left = full; left > 0; left -= STEPS_PER_SUBMIT)
        program.submit({}, Math.min(left, STEPS_PER_SUBMIT));
    }
    if (rest > 0) (await trainer.evaluationProgram(use, dataset, rest)).submit();
  } else {
    const backend = await trainer.backend();
    for (let from = 0; from < columns.rows; from += batchSize) {
      const batch = rowsOf(columns, from, Math.min(columns.rows, from + batchSize));
      (await trainer.fedProgram('evaluate', batch)).submit(batchFeeds(batch));
      await backend.settled();
    }
  }
  const [totals, halted] = await Promise.all([log.totals(), control.halted.data()]);
  return log.named(totals.map((total) => (halted[0] === 0 ? total / columns.rows : Number.NaN)));
}
