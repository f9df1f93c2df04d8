/** What the GPU cases of the engine share: a device that goes with the case, both devices side by side, and how errors are judged. */

import {
  type BackendCounters,
  deviceCounters,
  HeddleError,
  type InitOptions,
  init,
  shutdown,
} from '../../src/engine/index.js';
import { type CaseContext, check, exact, type Failure } from '../gpu/kit.js';

/** A device of the case's own. */
export async function ownDevice(ctx: CaseContext, options: InitOptions = {}): Promise<void> {
  await init({ device: 'webgpu', ...options });
  ctx.onCleanup(shutdown);
}

/** What `work` gives on the GPU and on the CPU. Leaves the GPU chosen. */
export async function onBoth<T>(ctx: CaseContext, work: () => Promise<T>): Promise<{ gpu: T; cpu: T }> {
  await init({ device: 'cpu' });
  const cpu = await work();
  await ownDevice(ctx);
  return { gpu: await work(), cpu };
}

/** What the device did and made while `work` ran. */
export async function counted(work: () => Promise<unknown>): Promise<BackendCounters> {
  const before = await deviceCounters();
  await work();
  const after = await deviceCounters();
  const names = Object.keys(after) as (keyof BackendCounters)[];
  return Object.fromEntries(
    names.map((name) => [name, after[name] - before[name]]),
  ) as unknown as BackendCounters;
}

/** The counts in `expected`, exactly. */
export function sameCounts(
  what: string,
  counts: BackendCounters,
  expected: Partial<BackendCounters>,
): Failure[] {
  const names = Object.keys(expected) as (keyof BackendCounters)[];
  return names.flatMap((name) => exact(`${what}: ${name}`, [counts[name]], [expected[name] as number]));
}

export const MADE_NOTHING = {
  buffersCreated: 0,
  bindGroupsCreated: 0,
  pipelinesCreated: 0,
  liveBuffers: 0,
  liveBytes: 0,
} as const;

/** Fields of a `HeddleError`: those given must be equal, `fix` must not be empty; strings in `message` must occur. */
export interface ExpectedError {
  readonly op?: string;
  readonly roles?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** Whether `work` throws (or rejects with) such an error. */
export async function throws(
  what: string,
  work: () => unknown,
  { op, roles, values = {}, message = '' }: ExpectedError = {},
): Promise<Failure[]> {
  let error: unknown = null;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof HeddleError)) {
    return check(what, false, 'a HeddleError', error instanceof Error ? (error.stack ?? '') : String(error));
  }
  const text = JSON.stringify;
  return [
    ...check(`${what}: a fix`, error.fix !== '', 'words', 'none'),
    ...check(`${what}: op`, op === undefined || error.op === op, String(op), error.op),
    ...check(
      `${what}: roles`,
      roles === undefined || text(error.roles) === text(roles),
      text(roles),
      text(error.roles),
    ),
    ...Object.entries(values).flatMap(([name, value]) =>
      check(
        `${what}: values.${name}`,
        text(error.values[name]) === text(value),
        text(value),
        text(error.values[name]),
      ),
    ),
    ...check(`${what}: message`, error.message.includes(message), message, error.message),
  ];
}

/** Whether two arrays have the same bits, NaN and −0 included. */
export function sameBits(what: string, actual: ArrayBufferView, expected: ArrayBufferView): Failure[] {
  const bytes = (view: ArrayBufferView): Uint8Array =>
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const [a, b] = [bytes(actual), bytes(expected)];
  const at = a.length === b.length ? a.findIndex((byte, index) => byte !== b[index]) : -2;
  return check(what, at === -1, 'the same bits', at === -2 ? 'another length' : `a difference at byte ${at}`);
}
