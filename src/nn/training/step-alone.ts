/**
 * The program that trains a model, for those who look into it: with the cursor at the first row of its data, and while nobody else trains
 * or looks at the weights, which change meanwhile and change back.
 */

import { type ColumnData, rowsOf } from '../../data/columns.js';
import { HeddleError, type Program } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { checkRows, chosenBatchSize } from '../fixed-batch.js';
import { epochOrder } from './batches.js';
import type { Trainer } from './trainer.js';

/** Rows to step on. Without them: the data of the last `fit`. */
export interface StepData {
  readonly x: ColumnData;
  readonly y: ColumnData;
  /** Default: the model's own, where its batch is fixed, else 32. */
  readonly batchSize?: number;
}

export async function withTrainingStep<T>(
  op: string,
  trainer: Trainer,
  data: StepData | undefined,
  work: (program: Program) => Promise<T>,
): Promise<T> {
  await trainer.backend();
  const program = data ? await programOn(op, trainer, data) : lastProgram(op, trainer);
  const { cursor } = trainer.network.control;
  const before = await cursor.read();
  cursor.assign(Uint32Array.of(0));
  try {
    return await work(program);
  } finally {
    cursor.assign(before);
  }
}

async function programOn(op: string, trainer: Trainer, data: StepData): Promise<Program> {
  const { network } = trainer;
  const columns = await trainer.columns(op, data);
  checkRows(op, 'x', network, columns.rows);
  const given = data.batchSize === undefined ? undefined : checkedCount(op, 'batchSize', data.batchSize);
  const size = Math.min(chosenBatchSize(op, network, given), columns.rows);
  const dataset = await trainer.dataset('inspect', rowsOf(columns, 0, size));
  if (!dataset) {
    throw new HeddleError({
      op,
      message: 'the batch does not fit the device',
      fix: 'use a smaller batchSize',
    });
  }
  dataset.takeIn([epochOrder(size, false, 0, 0)]);
  return trainer.trainingProgram('inspect', dataset, size);
}

function lastProgram(op: string, { mainProgram }: Trainer): Program {
  if (mainProgram && mainProgram.executor.plan.inputs.length === 0) return mainProgram;
  throw new HeddleError({
    op,
    message: mainProgram
      ? 'the last batches came from an iterable and are gone'
      : 'nothing has been trained yet',
    roles: ['data'],
    fix: 'pass { x, y }, or fit first',
  });
}
