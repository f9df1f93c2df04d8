/** One step on one fed batch. */

import type { Columns } from '../../data/columns.js';
import { batchFeeds } from './batches.js';
import { namedMeans, ringRow } from './logs.js';
import { checkLastUpdate, refusedStep } from './nonfinite.js';
import type { Trainer } from './trainer.js';

/** Loss and metrics of the step. Throws where the loss is not finite, in which case the weights are as before, or its update. */
export async function trainOnBatch(trainer: Trainer, batch: Columns): Promise<Record<string, number>> {
  const { position, setup, logNames } = trainer;
  trainer.clearFaults();
  const program = await trainer.fedProgram('train', batch);
  program.submit(batchFeeds(batch));
  trainer.ran(program, batch.rows);
  const means = ringRow(await setup.log.ring.data(), position.step, logNames.length);
  const [loss = Number.NaN] = means;
  if (!Number.isFinite(loss)) {
    const at = { epoch: position.epoch, batch: 0, step: position.step + 1, loss };
    throw await refusedStep(trainer, program, at);
  }
  position.step++;
  await checkLastUpdate(trainer, position.epoch);
  return namedMeans(logNames, means);
}
