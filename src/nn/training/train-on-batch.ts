/** One step on one fed batch. */

import type { Columns } from '../../data/columns.js';
import { batchFeeds } from './batches.js';
import { lastUpdateError, refusedStep } from './nonfinite.js';
import type { Trainer } from './trainer.js';

/** Loss and metrics of the step. Throws where the loss is not finite, in which case the weights are as before, or its update. */
export async function trainOnBatch(trainer: Trainer, batch: Columns): Promise<Record<string, number>> {
  const { position, setup, network } = trainer;
  trainer.clearFaults();
  const program = await trainer.fedProgram('train', batch);
  const feeds = batchFeeds(batch);
  program.submit(feeds);
  trainer.ran(program, batch.rows);
  const { step, apply, fault } = network.control;
  const scalars = Promise.all([step.data(), apply.data(), fault.data()]);
  const [ring, [[done = 0], [applied = 0], [faulty = 0]]] = await Promise.all([setup.log.ring(), scalars]);
  position.step = done;
  const taken = done - applied;
  const row = setup.log.row(ring, taken);
  const [loss = Number.NaN] = row;
  const at = { epoch: position.epoch, batch: 0, step: taken + 1, loss };
  if (!Number.isFinite(loss)) throw await refusedStep(trainer, program, feeds, at);
  if (faulty !== 0) throw await lastUpdateError(trainer, program, at);
  return setup.log.named(row);
}
