/** Shapes of sequences and states, and the errors that name what does not fit. */

import { type DType, HeddleError } from '../../../engine/index.js';
import { type FreeShape, fitsFree, showFree } from '../../shapes.js';

/** Who has which states: `[h, c]` of `units` features each, for each direction. */
export interface StateLayout {
  readonly stateSizes: readonly number[];
  readonly directions: number;
}

/** The states of all directions in the order in which a user gives and gets them: forward ones first. */
export const allStates = ({ stateSizes, directions }: StateLayout): readonly number[] =>
  Array.from({ length: directions }, () => stateSizes).flat();

/**
 * The sequence among `inputs`, which initial states may follow.
 *
 * @throws HeddleError for a rank other than 3, a sequence without steps, and another number or other shapes of states.
 */
export function sequenceShape(
  label: string,
  inputs: readonly FreeShape[],
  layout: StateLayout,
): readonly [batch: number | null, steps: number | null, features: number | null] {
  const [shape, ...states] = inputs;
  const expected = allStates(layout);
  if (!shape || (states.length > 0 && states.length !== expected.length)) {
    throw new HeddleError({
      op: label,
      message: `takes a sequence, or a sequence and ${expected.length} initial states; got ${inputs.length} inputs`,
      roles: ['inputs'],
      values: { inputs: inputs.length, states: expected },
      fix: `apply it to x, or to [${['x', ...expected.map((_, index) => `state${index + 1}`)].join(', ')}]`,
    });
  }
  const [batch = null, steps = null, features = null] = shape;
  if (shape.length !== 3 || steps === 0) {
    throw new HeddleError({
      op: label,
      message:
        shape.length === 3
          ? `input ${showFree(shape)} has no steps`
          : `input ${showFree(shape)} has rank ${shape.length}, 3 is needed`,
      roles: ['input'],
      values: { input: shape },
      fix: 'give it [batch, steps, features]: inputShape: [steps, features]',
    });
  }
  states.forEach((state, index) => {
    const wanted: FreeShape = [batch, expected[index] ?? null];
    if (fitsFree(state, wanted)) return;
    throw new HeddleError({
      op: label,
      message: `initial state ${index + 1} of ${expected.length} is ${showFree(state)}, ${showFree(wanted)} is needed`,
      roles: [`inputs[${index + 1}]`],
      values: { state, expected: wanted },
      fix: 'give each state as many rows as the sequence and as many features as the layer has units',
    });
  });
  return [batch, steps, features];
}

/** Throws a HeddleError where the sequence, the first of `dtypes`, or one of the states after it is no float32. */
export function checkDtypes(label: string, dtypes: readonly (DType | undefined)[]): void {
  const at = dtypes.findIndex((dtype) => dtype !== undefined && dtype !== 'float32');
  if (at < 0) return;
  throw new HeddleError({
    op: label,
    message: `${at === 0 ? 'input' : `initial state ${at}`} is ${dtypes[at]}, float32 is needed`,
    roles: [at === 0 ? 'input' : `inputs[${at}]`],
    values: { dtypes },
    fix:
      at === 0
        ? 'of ids, let layers.embedding({ inputDim, outputDim }) make vectors first; of numbers, leave out the dtype of layers.input'
        : "leave out its input's dtype: layers.input({ shape: [units] })",
  });
}

/** The features of a sequence, the last extent. Throws where they are free. */
export function knownFeatures(label: string, input: FreeShape): number {
  const features = input.at(-1) ?? null;
  if (features !== null) return features;
  throw new HeddleError({
    op: label,
    message: `the features of input ${showFree(input)} are free, so the kernel has no size`,
    roles: ['inputShape'],
    values: { input },
    fix: 'give the features a number: inputShape: [null, 16]',
  });
}

/** Throws where a batch is not the one that states are kept for. */
export function checkKeptBatch(label: string, input: FreeShape, rows: number): void {
  if (input[0] === rows) return;
  throw new HeddleError({
    op: label,
    message: `it keeps the states of ${rows} rows, input ${showFree(input)} has ${input[0]}`,
    roles: ['stateful', 'input'],
    values: { input, rows },
    fix: `pass ${rows} rows, or make the model with another batchInputShape`,
  });
}

/** The batch that states are kept for. Throws where it is free. */
export function fixedBatch(label: string, input: FreeShape): number {
  const batch = input[0] ?? null;
  if (batch !== null) return batch;
  throw new HeddleError({
    op: label,
    message: `stateful keeps a state for each row, but the batch of input ${showFree(input)} is free`,
    roles: ['stateful', 'input'],
    values: { input },
    fix: 'fix it: batchInputShape: [32, 100, 8] of the first layer, or layers.input({ shape: [100, 8], batchSize: 32 })',
  });
}
