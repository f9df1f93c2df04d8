/** One step on one fed batch. */

import type { Columns } from '../../data/columns.js';
import { batchFeeds } from './batches.js';
import { namedMeans, ringRow } from './logs.js';
import { lastUpdateError, refusedStep } from './nonfinite.js';
import type { Trainer } from './trainer.js';

/** Loss and metrics of the step. Throws where the loss is not finite, in which case the weights are as before, or its update. */
export async function trainOnBatch(trainer: Trainer, batch: Columns): Promise<Record<string, number>> {
  const { position, setup, network, logNames } = trainer;
  trainer.clearFaults();
  const program = await trainer.fedProgram('train', batch);
  const feeds = batchFeeds(batch);
  program.submit(feeds);
  trainer.ran(program, batch.rows);
  const [ring, [fault = 0]] = await Promise.all([setup.log.ring.data(), network.control.fault.data()]);
  const means = ringRow(ring, position.step, logNames.length);
  const [loss = Number.NaN] = means;
  const at = { epoch: position.epoch, batch: 0, step: position.step + 1, loss };
  if (!Number.isFinite(loss)) throw await refusedStep(trainer, program, feeds, at);
  position.step++;
  if (fault !== 0) throw await lastUpdateError(trainer, program, at);
  return namedMeans(logNames, means);
}
