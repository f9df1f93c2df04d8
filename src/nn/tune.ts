/** `tune`: which kernels are fastest on this adapter, for this very model or program? */

import type { ColumnData, Columns } from '../data/columns.js';
import { toColumns } from '../data/columns.js';
import type { ColumnSpec } from '../data/spec.js';
import {
  addedTo,
  HeddleError,
  hostArray,
  type ProgramSpec,
  rejectUnknownOptions,
  TUNE_OPTIONS,
  type TuneOptions,
  type TuningReport,
  tunePrograms,
} from '../engine/index.js';
import { checkedCount } from './checks.js';
import { chosenBatchSize } from './fixed-batch.js';
import { Model } from './model.js';
import { predictionSpec } from './predict.js';

export interface ModelTuneOptions extends TuneOptions {
  /** The batches to tune for. Default: the model's own, where its batch is fixed, else 32. */
  readonly batchSize?: number;
  /**
   * Examples, one is enough, for models whose shapes leave extents free: only shapes and dtypes matter. By default as the model's inputs
   * and losses say.
   */
  readonly x?: ColumnData;
  readonly y?: ColumnData;
}

/**
 * Measures a few kernels for each matrix product, convolution and recurrent sequence of what a model runs (a training step, where it is
 * compiled, and inference), or of a program before it is compiled: `compile`'s argument. Each runs alone, on made-up numbers; weights,
 * random numbers and data stay as they are. A kernel that gives another result than the others is left out, and one must be 5 % faster
 * than the choice of the heuristics to take its place. Stops after `milliseconds`, the most work first.
 *
 * The table is added to `model.tuning`, on top of what stands there for this adapter, and takes the place of another adapter's; for a program, pass it on: `compile({ …, tuning: table })`. Programs compiled by one table have the
 * same bits each time; by another, sums in another order.
 *
 * A request of which no kernel works is in `report.failed`, and the others are measured. Where `remember` finds storage that can be neither
 * read nor written, a warning says so, and the table serves all the same.
 *
 * @throws (as a rejection) HeddleError on the CPU device, for unknown options and values out of range, while the model trains, and for free
 * extents without examples; `AbortError` when `signal` is aborted. Nothing is changed then.
 */
export function tune(target: Model, options?: ModelTuneOptions): Promise<TuningReport>;
export function tune(target: ProgramSpec, options?: TuneOptions): Promise<TuningReport>;
export async function tune(
  target: Model | ProgramSpec,
  options: ModelTuneOptions = {},
): Promise<TuningReport> {
  if (!(target instanceof Model)) return tunePrograms([target], options);
  rejectUnknownOptions('tune', options, [...TUNE_OPTIONS, 'batchSize', 'x', 'y']);
  const { batchSize, x, y, ...rest } = options;
  const work = async (): Promise<TuningReport> => {
    const given = batchSize === undefined ? undefined : checkedCount('tune', 'batchSize', batchSize);
    const size = chosenBatchSize('tune', target, given);
    const report = await tunePrograms(await specsOf(target, size, x, y), rest);
    // On top of what it has: what an earlier call found for other batches, and its bits, stay as they are.
    target.tuning = addedTo(target.tuning, report.table);
    return report;
  };
  return target.whileTuned(work);
}

/** What the model runs on batches of `size` rows. */
async function specsOf(
  model: Model,
  size: number,
  x: ColumnData | undefined,
  y: ColumnData | undefined,
): Promise<ProgramSpec[]> {
  const trainer = model.compiled ? model.trainer('tune') : null;
  const spec = trainer?.dataSpec ?? { ...model.inputSpec, targets: [] };
  if (x === undefined && y !== undefined) {
    throw new HeddleError({
      op: 'tune',
      message: 'y is given without x',
      roles: ['x', 'y'],
      fix: 'pass both: tune(model, { x, y })',
    });
  }
  const targets = trainer ? { y } : {};
  const given = x === undefined ? null : await toColumns({ x, ...targets }, spec, { op: 'tune' });
  const batch = (
    role: string,
    specs: readonly ColumnSpec[],
    columns: Columns['inputs'] = [],
  ): Columns['inputs'] =>
    specs.map(({ name, shape, dtype }, index) => {
      const { value } = columns[index] ?? {};
      const extents = value?.shape.slice(1) ?? shape?.slice(1) ?? [null];
      const whole = [size, ...extents.map((extent) => extent ?? freeExtent(model, role, name))];
      const type = { shape: whole, dtype: value?.dtype ?? dtype };
      return {
        name,
        value: {
          ...type,
          data: hostArray(
            type.dtype,
            whole.reduce((a, b) => a * b, 1),
          ),
        },
      };
    });
  const inputs = batch('x', spec.inputs, given?.inputs);
  const predicted = predictionSpec(
    model,
    inputs.map(({ value }) => value),
  );
  if (!trainer) return [predicted];
  const columns: Columns = {
    inputs,
    targets: batch('y', spec.targets, given?.targets),
    weights: null,
    rows: size,
  };
  return [trainer.fedSpec('train', columns), trainer.fedSpec('evaluate', columns), predicted];
}

function freeExtent(model: Model, role: string, name: string): never {
  throw new HeddleError({
    op: 'tune',
    message: `model '${model.name}' leaves extents of ${role} '${name}' free`,
    roles: [role],
    values: { name },
    fix: 'pass examples of the sizes to tune for: tune(model, { x, y }). One row of each is enough',
  });
}
