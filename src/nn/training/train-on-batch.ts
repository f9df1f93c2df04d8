/** One step on one fed batch. */

import type { Columns } from '../../data/columns.js';
import { batchFeeds } from './batches.js';
import { namedMeans, ringRow } from './logs.js';
import { nonFiniteError } from './nonfinite.js';
import type { Trainer } from './trainer.js';

/** Loss and metrics of the step. Throws where the loss is not finite; the weights are then as before. */
export async function trainOnBatch(trainer: Trainer, batch: Columns): Promise<Record<string, number>> {
  const { position, setup, network, logNames } = trainer;
  const program = await trainer.fedProgram('train', batch);
  program.submit(batchFeeds(batch));
  trainer.lastProgram = program;
  const means = ringRow(await setup.log.ring.data(), position.step, logNames.length);
  const [loss = Number.NaN] = means;
  if (!Number.isFinite(loss)) {
    const error = await nonFiniteError(program, {
      epoch: position.epoch,
      batch: 0,
      step: position.step + 1,
      loss,
    });
    for (const flag of [network.control.halted, network.control.fault]) flag.assign(Uint32Array.of(0));
    throw error;
  }
  position.step++;
  return namedMeans(logNames, means);
}
