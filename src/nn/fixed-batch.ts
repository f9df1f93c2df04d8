/** Models that take batches of one size only: layers that keep states from batch to batch have a row for each sequence. */

import { HeddleError } from '../engine/index.js';

/** A model, as far as its batches go. */
interface Batched {
  readonly name: string;
  /** `null`: any. */
  readonly batchSize: number | null;
}

/**
 * The batch size to work with: what the user gave (already checked to be a count), else the model's own, else 32.
 *
 * @throws HeddleError where the model takes another.
 */
export function chosenBatchSize(op: string, { name, batchSize }: Batched, given: number | undefined): number {
  if (batchSize === null || given === undefined || given === batchSize) return given ?? batchSize ?? 32;
  throw new HeddleError({
    op,
    message: `batchSize is ${given}, model '${name}' takes batches of ${batchSize}`,
    roles: ['batchSize'],
    values: { batchSize: given, fixed: batchSize },
    fix: `leave batchSize out, or make the model with batchInputShape: [${given}, …]`,
  });
}

/**
 * Throws a HeddleError where `rows` of `role` are no whole number of the model's batches; `times` is how many batches they may be at most.
 */
export function checkRows(
  op: string,
  role: string,
  { name, batchSize }: Batched,
  rows: number,
  times = Number.POSITIVE_INFINITY,
): void {
  if (batchSize === null || (rows % batchSize === 0 && rows <= batchSize * times)) return;
  const whole = Math.floor(rows / batchSize) * batchSize;
  throw new HeddleError({
    op,
    message: `${role} has ${rows} rows, model '${name}' takes batches of ${batchSize}${times === 1 ? '' : ': the last one is not full'}`,
    roles: [role, 'batchSize'],
    values: { rows, batchSize },
    fix:
      times === 1
        ? `pass ${batchSize} rows`
        : `pass ${whole > 0 ? `${whole} or ` : ''}${whole + batchSize} rows, or make the model without a fixed batch`,
  });
}
