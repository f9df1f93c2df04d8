/** What the GPU cases of the runtime share: a device that goes with the case, a program on it, and how its errors are judged. */

import { HeddleError } from '../../src/core/errors.js';
import {
  ArenaBuffers,
  acquireDevice,
  type Counters,
  type DeviceOptions,
  Executable,
  type GpuContext,
} from '../../src/runtime/index.js';
import { type CaseContext, check, type Failure } from '../gpu/kit.js';
import { affinePlan, variableArena } from './runtime-plans.js';

export async function acquire(ctx: CaseContext, options: DeviceOptions = {}): Promise<GpuContext> {
  const context = await acquireDevice(options);
  ctx.onCleanup(() => context.destroy());
  return context;
}

/** What `work` throws or rejects with. */
export async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return null;
}

export function isDeviceError(what: string, error: unknown, op = 'device'): Failure[] {
  const ok = error instanceof HeddleError && error.op === op && error.fix !== '';
  return check(what, ok, `a HeddleError of '${op}' with a fix`, String(error));
}

export function difference(after: Readonly<Counters>, before: Readonly<Counters>): Counters {
  const keys = Object.keys(after) as (keyof Counters)[];
  return Object.fromEntries(keys.map((key) => [key, after[key] - before[key]])) as unknown as Counters;
}

export function sameCounters(what: string, actual: Counters, expected: Partial<Counters>): Failure[] {
  const full = { ...difference(actual, actual), ...expected };
  return check(
    what,
    JSON.stringify(full) === JSON.stringify(actual),
    JSON.stringify(full),
    JSON.stringify(actual),
  );
}

export const N = 100;
export const ramp = (n: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: n }, (_, i) => i - n / 2);

export async function affine(ctx: CaseContext, options: { maxDispatchesPerSubmit?: number } = {}) {
  const context = await acquire(ctx);
  const arena = variableArena('totals', N * 4);
  const arenas = new ArenaBuffers(context);
  const executable = await Executable.create(context, affinePlan(arena, N), {
    variables: arenas.buffer,
    ...options,
  });
  return { context, arena, arenas, executable };
}
