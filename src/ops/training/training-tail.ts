/** `trainingTail`: what ends a training step, in one dispatch. Internal to training; no gradient. */

import { HeddleError } from '../../core/errors.js';
import { showShape, sizeOf } from '../../core/shape.js';
import { apply, type HostTensor, type TensorType, type Value } from '../../ir/graph.js';
import {
  type Arg,
  type Candidate,
  inputArg,
  type LoweredDispatch,
  type LowerRequest,
  type OpDef,
  scratchArg,
} from '../../ir/op.js';
import { batchSums, TAIL_BINDINGS, trainingTail as tailKernel } from '../../kernels/training-tail.js';
import { named } from './named.js';

/** What the tail reads and overwrites, in the order of its inputs and outputs. */
export const TAIL_STATE = ['ring', 'totals', 'cursor', 'halted', 'step', 'apply', 'fault'] as const;

/** The scalars of a training loop, each uint32 [], in the order of their consecutive 256-byte slots. */
export const CONTROL_ORDER = ['cursor', 'halted', 'step', 'apply', 'fault'] as const;

export type TailState<T> = Readonly<Record<(typeof TAIL_STATE)[number], T>>;

/** Partial sums of all columns have to fit workgroup memory. */
const MOST_COLUMNS = 48;

/**
 * Inputs: losses [B], metric vectors [B], then ring [R, 1 + k], totals [1 + k] and the control scalars. Outputs: ring, totals
 * and the control scalars afterwards, in place.
 */
export const trainingTailOp: OpDef = {
  name: 'trainingTail',
  infer(inputs) {
    const { vectors, state } = partsOf(inputs);
    const { ring, totals } = state;
    const columns = vectors.length;
    const [batch] = vectors[0]?.shape ?? [];
    const even = vectors.every(
      ({ shape, dtype }) => dtype === 'float32' && shape.length === 1 && shape[0] === batch,
    );
    const kept =
      ring.dtype === 'float32' &&
      ring.shape.length === 2 &&
      ring.shape[1] === columns &&
      (ring.shape[0] ?? 0) > 0;
    const totalled = totals.dtype === 'float32' && totals.shape.length === 1 && totals.shape[0] === columns;
    const counted = CONTROL_ORDER.every(
      (name) => state[name].dtype === 'uint32' && sizeOf(state[name].shape) === 1,
    );
    if (!batch || columns > MOST_COLUMNS || !even || !kept || !totalled || !counted) {
      throw new HeddleError({
        op: 'trainingTail',
        message:
          `${columns} vectors of shapes ${vectors.map(({ shape }) => showShape(shape)).join(' ')} do not fit ring ` +
          `${showShape(ring.shape)} and totals ${showShape(totals.shape)}`,
        roles: ['losses', 'metrics', ...TAIL_STATE],
        values: { vectors: vectors.map(({ shape }) => shape), ring: ring.shape, totals: totals.shape },
        fix: `give float32 losses and at most ${MOST_COLUMNS - 1} metrics, one value per example, ring [R, 1 + metrics] and totals [1 + metrics]; the rest are uint32 scalars`,
      });
    }
    return TAIL_STATE.map((name) => state[name]);
  },
  reference(inputs, outputs) {
    const { vectors, state } = partsOf(inputs);
    const after = named(
      TAIL_STATE,
      outputs.map((output) => output.data),
    );
    for (const name of TAIL_STATE) after[name].set(state[name].data);
    const batch = vectors[0]?.shape[0] ?? 0;
    const sums = sumsOf(vectors, (value) => value);
    const at = ({ data }: HostTensor): number => data[0] as number;
    const total = Math.fround(sums[0] as number); // a device overflows here, before it divides
    const finite = Number.isFinite(total);
    const loss = finite ? (sums[0] as number) / batch : total;
    const row = (at(state.step) % (state.ring.shape[0] as number)) * vectors.length;
    if (at(state.halted) === 0 && at(state.fault) === 0 && finite) {
      sums.forEach((sum, column) => {
        after.ring[row + column] = sum / batch;
        after.totals[column] = (state.totals.data[column] as number) + sum;
      });
      after.cursor[0] = at(state.cursor) + batch;
      after.step[0] = at(state.step) + 1;
      after.apply[0] = 1;
      return;
    }
    if (at(state.halted) === 0) {
      after.halted[0] = at(state.step) + 1;
      after.ring[row] = finite ? Number.NaN : loss;
    }
    after.apply[0] = 0;
  },
  magnitude(inputs, outputs) {
    const { vectors, state } = partsOf(inputs);
    const [ring, totals] = outputs;
    const batch = vectors[0]?.shape[0] ?? 1;
    const sums = sumsOf(vectors, Math.abs).map((sum) => (Number.isFinite(Math.fround(sum)) ? sum : 0));
    const columns = vectors.length;
    // Rows that were not written are copies; the scale of the new row is a sound one for them too.
    ring?.data.forEach((_: number, i: number) => {
      ring.data[i] = Math.abs(state.ring.data[i] as number) + (sums[i % columns] as number) / batch;
    });
    totals?.data.forEach((_: number, column: number) => {
      totals.data[column] = Math.abs(state.totals.data[column] as number) + (sums[column] as number);
    });
  },
  terms: (inputs) => (inputs[0]?.shape[0] ?? 1) + 1,
  candidates: tailCandidates,
};

function tailCandidates({ inputs, capabilities }: LowerRequest): Candidate[] {
  const { vectors, state } = partsOf(inputs);
  const columns = vectors.length;
  const batch = vectors[0]?.shape[0] ?? 1;
  const rows = state.ring.shape[0] ?? 1;
  const inPlace = TAIL_STATE.map((_, index): Exclude<Arg, { kind: 'group' }> => {
    return { kind: 'inout', input: columns + index, output: index };
  });
  const [ring, totals, ...control] = inPlace as [Arg, Arg, ...typeof inPlace];
  const kept: Arg[] = [ring, totals, { kind: 'group', members: control }];
  const limit = capabilities.maxStorageBuffersPerShaderStage;
  const numbers = vectors.map((_, column) => column);
  if (columns + TAIL_BINDINGS <= limit) {
    const launch = tailKernel(batch, columns, rows, false);
    const args = [...numbers.map(inputArg), ...kept];
    return [{ key: 'training_tail', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  }
  const dispatches: LoweredDispatch[] = [];
  for (let base = 0; base < columns; base += limit - 1) {
    const some = numbers.slice(base, base + limit - 1);
    dispatches.push({
      launch: batchSums(batch, some.length, base),
      args: [...some.map(inputArg), scratchArg(0)],
    });
  }
  dispatches.push({ launch: tailKernel(batch, columns, rows, true), args: [scratchArg(0), ...kept] });
  const scratch: TensorType[] = [{ shape: [columns], dtype: 'float32' }];
  return [{ key: 'training_tail_summed', lower: () => ({ scratch, dispatches }) }];
}

/** Σ over the batch of each vector's elements, through `of`. */
function sumsOf(vectors: readonly HostTensor[], of: (value: number) => number): number[] {
  return vectors.map(({ data }) => {
    let sum = 0;
    for (let b = 0; b < data.length; b++) sum += of(data[b] as number);
    return sum;
  });
}

/** Inputs by role. */
function partsOf<T extends TensorType>(inputs: readonly T[]): { vectors: readonly T[]; state: TailState<T> } {
  const columns = inputs.length - TAIL_STATE.length;
  if (columns < 1) {
    throw new HeddleError({
      op: 'trainingTail',
      message: `takes losses, metrics and ${TAIL_STATE.length} tensors of state, got ${inputs.length} inputs`,
      roles: ['losses', ...TAIL_STATE],
      values: { inputs: inputs.length },
      fix: 'call trainingTail()',
    });
  }
  return { vectors: inputs.slice(0, columns), state: named(TAIL_STATE, inputs.slice(columns)) };
}

/**
 * - `ring` float32 [R, 1 + k]: means of the last R steps, loss first.
 * - `totals` float32 [1 + k]: sums over the examples seen since the host last cleared them.
 * - `cursor` uint32 []: examples taken in this epoch.
 * - `halted` uint32 []: 0, or the number (from 1) of the step that was refused.
 * - `step` uint32 []: steps done.
 * - `apply` uint32 []: 1 where the optimizer may write.
 * - `fault` uint32 []: raised by an optimizer whose result was not finite; the step after it is refused.
 *
 * The last five lie in consecutive slots in the order of `CONTROL_ORDER`.
 */
export interface TailArguments extends TailState<Value> {
  /** float32 [B]: the loss of each example. */
  readonly losses: Value;
  /** float32 [B] each: metrics of each example. */
  readonly metrics: readonly Value[];
}

/** The state after a step; hand `step`, `apply` and `fault` to the optimizer, and its results back to the variables. */
export function trainingTail({ losses, metrics, ...state }: TailArguments): TailState<Value> {
  const inputs = [losses, ...metrics, ...TAIL_STATE.map((name) => state[name])];
  return named(TAIL_STATE, apply(trainingTailOp, inputs, {}));
}
