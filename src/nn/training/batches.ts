/** Batches as graphs see them: gathered on the device, or fed from the host; and the order of rows in an epoch. */

import type { Columns } from '../../data/columns.js';
import { type Feeds, input, permutation, randomStream, type Tensor } from '../../engine/index.js';
import type { Dataset } from './dataset.js';
import type { Batch } from './step.js';

/** The stream of the random numbers that shuffle; layers count theirs from 0 upwards. */
const SHUFFLE_STREAM = 0xffff_fff0;

/** The order of rows in epoch number `epoch` of a model's life. */
export function epochOrder(
  rows: number,
  shuffle: boolean,
  seed: number,
  epoch: number,
): Int32Array<ArrayBuffer> {
  if (!shuffle) return Int32Array.from({ length: rows }, (_, index) => index);
  return permutation(rows, randomStream(seed, SHUFFLE_STREAM, epoch));
}

/** A gathered batch as its parts. */
export function batchOf(dataset: Dataset, tensors: readonly Tensor[]): Batch {
  const { inputs, targets, weighted } = dataset;
  return {
    x: tensors.slice(0, inputs),
    y: tensors.slice(inputs, inputs + targets),
    weights: weighted ? (tensors[inputs + targets] as Tensor) : null,
  };
}

/** Symbolic inputs for batches like `columns`, and their names. */
export function symbolicBatch(
  columns: Columns,
  cast: (value: Tensor, index: number) => Tensor,
): { batch: Batch; inputs: Record<string, Tensor> } {
  const inputs: Record<string, Tensor> = {};
  const make = (
    name: string,
    index: number,
    { shape, dtype }: { shape: readonly number[]; dtype: Tensor['dtype'] },
  ): Tensor => {
    const value = input(shape, dtype);
    inputs[name] = value;
    return cast(value, index);
  };
  const x = columns.inputs.map(({ value }, index) => make(`x${index}`, index, value));
  const y = columns.targets.map(({ value }, index) =>
    make(`y${index}`, columns.inputs.length + index, value),
  );
  const weights = columns.weights ? make('weights', -1, columns.weights.value) : null;
  return { batch: { x, y, weights }, inputs };
}

/** The data of `columns` under the names of `symbolicBatch`. */
export function batchFeeds(columns: Columns): Feeds {
  return Object.fromEntries([
    ...columns.inputs.map(({ value }, index) => [`x${index}`, value]),
    ...columns.targets.map(({ value }, index) => [`y${index}`, value]),
    ...(columns.weights ? [['weights', columns.weights.value]] : []),
  ]);
}
