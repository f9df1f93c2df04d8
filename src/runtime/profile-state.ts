/** Ranges of buffers set aside on the device and put back: what a profile runs over and over must not be changed by it. */

import type { Location } from '../ir/plan.js';
import type { GpuContext } from './context.js';
import type { Program } from './program.js';
import { BUFFER_USAGE } from './usage.js';

interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

export interface Snapshot {
  /** Puts everything back as it was, in order with all that is submitted before and after. */
  restore(): void;
  dispose(): void;
}

/** The bytes at `locations` as they are after all work submitted so far. */
export function takeSnapshot(
  context: GpuContext,
  { buffer }: Program,
  locations: readonly Location[],
): Snapshot {
  const { ops, buffers } = context;
  const usage = BUFFER_USAGE.copySource | BUFFER_USAGE.copyTarget;
  const kept = merged(
    locations.map(({ buffer: ref, offset, bytes }) => ({ buffer: buffer(ref), offset, bytes })),
  ).map((range) => ({ range, copy: buffers.create({ label: 'heddle profile', bytes: range.bytes, usage }) }));
  const transfer = (back: boolean): void => {
    if (kept.length === 0) return;
    context.health.assertAlive();
    const encoder = ops.device.createCommandEncoder({ label: 'heddle profile' });
    for (const { range, copy } of kept) {
      if (back) ops.copy(encoder, copy, 0, range.buffer, range.offset, range.bytes);
      else ops.copy(encoder, range.buffer, range.offset, copy, 0, range.bytes);
    }
    ops.submit(encoder);
  };
  transfer(false);
  return {
    restore: () => transfer(true),
    dispose() {
      for (const { copy } of kept) buffers.destroy(copy);
    },
  };
}

/** The same bytes, each once: tensors that share memory are one range. */
function merged(ranges: readonly Range[]): Range[] {
  const byBuffer = new Map<GPUBuffer, Range[]>();
  for (const range of [...ranges].sort((a, b) => a.offset - b.offset)) {
    if (range.bytes === 0) continue;
    const own = byBuffer.get(range.buffer) ?? [];
    byBuffer.set(range.buffer, own);
    const last = own.at(-1);
    const end = last ? last.offset + last.bytes : -1;
    if (!last || range.offset > end) own.push(range);
    else own[own.length - 1] = { ...last, bytes: Math.max(end, range.offset + range.bytes) - last.offset };
  }
  return [...byBuffer.values()].flat();
}
