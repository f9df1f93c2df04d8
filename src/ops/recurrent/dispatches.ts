/** How the steps of a recurrent kernel are cut into dispatches, and what these hand on to each other. */

import type { TensorType } from '../../ir/graph.js';
import { type Arg, inputArg, type Lowered, scratchArg } from '../../ir/op.js';
import type { Capabilities, Launch } from '../../kernels/kernel.js';
import type { RecurrentExtents, RecurrentTile, StepRange } from '../../kernels/recurrent.js';
import { stridedCopy } from '../../kernels/strided-copy.js';
import { transposeTiled } from '../../kernels/transpose.js';

/** How long one dispatch may take, how much it does in that time, and from how many units on one dispatch a step may be faster. */
export interface RecurrentLimits {
  readonly milliseconds: number;
  readonly flopsPerMillisecond: number;
  readonly stepwiseFrom: number;
}

/** Watchdogs end dispatches of seconds, and a page shares its GPU with what it draws. */
export const recurrentLimits = ({ software }: Capabilities): RecurrentLimits =>
  software
    ? { milliseconds: 500, flopsPerMillisecond: 2e6, stepwiseFrom: 256 }
    : { milliseconds: 50, flopsPerMillisecond: 2e7, stepwiseFrom: 256 };

/** The dispatches of all `positions`: one each where `tile` is stepwise, else as many at once as the limits allow. */
export function rangesOf(
  { batch, units, directions }: RecurrentExtents,
  gates: number,
  positions: number,
  tile: RecurrentTile,
  { milliseconds, flopsPerMillisecond }: RecurrentLimits,
): readonly StepRange[] {
  const flops = 2 * batch * units * gates * units * directions.length;
  const most = tile.stepwise ? 1 : Math.max(1, Math.floor((milliseconds * flopsPerMillisecond) / flops));
  return Array.from({ length: Math.ceil(positions / most) }, (_, index) => ({
    begin: index * most,
    end: Math.min(positions, (index + 1) * most),
  }));
}

/** Memory that dispatches hand on, also where nobody reads it afterwards. */
export interface Handed {
  readonly scratch: readonly TensorType[];
  /** The place of a temporary. */
  temporary(type: TensorType): Arg;
}

export function handedOn(): Handed {
  const scratch: TensorType[] = [];
  return { scratch, temporary: (type) => scratchArg(scratch.push(type) - 1) };
}

/** `launches` with their arguments by the names of their bindings. */
export function lowered(
  launches: readonly Launch[],
  args: Readonly<Record<string, Arg | null>>,
  { scratch }: Pick<Handed, 'scratch'>,
): Lowered {
  const argOf = (name: string): Arg => {
    const arg = args[name];
    if (!arg) throw new RangeError(`nothing is bound to ${name}`);
    return arg;
  };
  return {
    scratch,
    dispatches: launches.map((launch) => ({
      launch,
      args: launch.kernel.bindings.map(({ name }) => argOf(name)),
    })),
  };
}

/** R [H, D·G·H] transposed, as `recurrent_kernel`, and the launch that makes it: so neighbours read neighbours. */
export function transposedKernel(
  input: number,
  { units, directions }: RecurrentExtents,
  gates: number,
  handed: Handed,
  capabilities: Capabilities,
): { readonly args: Readonly<Record<string, Arg>>; readonly launches: readonly Launch[] } {
  const columns = directions.length * gates * units;
  const launch = capabilities.software ? null : transposeTiled(1, units, columns, capabilities);
  const copy = { extents: [columns, units], strides: [1, columns], offset: 0, wide: false };
  const result = handed.temporary({ shape: [columns, units], dtype: 'float32' });
  return {
    args: { source: inputArg(input), result, recurrent_kernel: result },
    launches: [launch ?? stridedCopy('transpose', copy)],
  };
}
