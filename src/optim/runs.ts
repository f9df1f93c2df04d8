/** Which variables one dispatch can update together: those that lie side by side in one buffer. */

import type { Variable } from '../engine/index.js';

/** What every device can bind at once. */
const MOST_BYTES = 128 * 2 ** 20;
const SLOT_BYTES = 256;

/** Indices `from` to `to` − 1. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts `variables` into runs of neighbours: same buffer, each at the next multiple of 256 bytes after the one before, at most 128 MiB in all.
 * Asks for places, so that the store adds nothing more to these buffers.
 */
export function runsOf(variables: readonly Variable[]): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let to = 1; to <= variables.length; to++) {
    if (to < variables.length && extendsRun(variables, from, to)) continue;
    runs.push({ from, to });
    from = to;
  }
  return runs;
}

function extendsRun(variables: readonly Variable[], from: number, index: number): boolean {
  const first = variables[from];
  const previous = variables[index - 1];
  const next = variables[index];
  if (!first || !previous || !next) return false;
  const { arena, offset } = next.ref.place();
  const before = previous.ref.place();
  if (arena !== before.arena || offset !== before.offset + slotBytes(previous)) return false;
  return offset + slotBytes(next) - first.ref.place().offset <= MOST_BYTES;
}

/** The space of a float32 variable; an empty one has a slot too. */
function slotBytes({ shape }: Variable): number {
  const bytes = shape.reduce((product, extent) => product * extent, 4);
  return Math.max(SLOT_BYTES, Math.ceil(bytes / SLOT_BYTES) * SLOT_BYTES);
}
