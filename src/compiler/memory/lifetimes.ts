/** Which temporaries are placed as one piece, from when to when each is alive, and which may not share a buffer. */

import { type Clashes, clashesOf } from '../clashes.js';
import { aligned, isTemporary, membersOf, type ScheduledProgram, type Slot, slotOf } from '../program.js';

/** A temporary, or a block of them, with its lifetime in dispatches (both ends included). */
export interface Piece {
  readonly slots: readonly Slot[];
  /** Of each slot, from the start of the piece. */
  readonly offsets: readonly number[];
  /** Aligned. */
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** Indices of pieces that may not lie in the same buffer. */
  readonly clashes: ReadonlySet<number>;
}

interface Span {
  first: number;
  last: number;
}

export function piecesOf(program: ScheduledProgram): Piece[] {
  const spans = spansOf(program);
  const blockOf = new Map<Slot, readonly Slot[]>();
  for (const block of program.blocks) for (const slot of block) blockOf.set(slot, block);
  const bundles = [...new Set([...spans.keys()].map((slot) => blockOf.get(slot) ?? slot))].map((bundle) =>
    'home' in bundle ? [bundle] : bundle,
  );
  const pieceOf = new Map<Slot, number>();
  bundles.forEach((slots, index) => {
    for (const slot of slots) pieceOf.set(slot, index);
  });
  const clashes = clashesOf(program.steps);
  return bundles.map((slots) => pieceOfSlots(slots, spans, clashes, pieceOf));
}

function pieceOfSlots(
  slots: readonly Slot[],
  spans: ReadonlyMap<Slot, Span>,
  clashes: Clashes,
  pieceOf: ReadonlyMap<Slot, number>,
): Piece {
  let bytes = 0;
  const offsets = slots.map((slot) => {
    const offset = bytes;
    bytes += aligned(slot.bytes);
    return offset;
  });
  const own = slots.map((slot) => spans.get(slot)).filter((span) => span !== undefined);
  const others = new Set(
    slots.flatMap((slot) => [...(clashes.get(slot) ?? [])].map((other) => pieceOf.get(other) ?? -1)),
  );
  if (others.has(pieceOf.get(slots[0] as Slot) ?? -1)) {
    throw new Error(`compiler: a dispatch reads and writes ${slots.map(({ label }) => label).join(', ')}`);
  }
  return {
    slots,
    offsets,
    bytes,
    first: Math.min(...own.map(({ first }) => first)),
    last: Math.max(...own.map(({ last }) => last)),
    clashes: others,
  };
}

/** First and last dispatch of each temporary; outputs of the program live to the end, scratch for the whole of its step. */
function spansOf({ steps, outputs }: ScheduledProgram): Map<Slot, Span> {
  const spans = new Map<Slot, Span>();
  const touch = (slot: Slot, at: number): void => {
    if (!isTemporary(slot) || slot.bytes === 0) return;
    const span = spans.get(slot);
    if (!span) spans.set(slot, { first: at, last: at });
    else {
      span.first = Math.min(span.first, at);
      span.last = Math.max(span.last, at);
    }
  };
  let now = 0;
  for (const step of steps) {
    const start = now;
    for (const { args } of step.dispatches) {
      for (const arg of args) for (const member of membersOf(arg)) touch(slotOf(step, member), now);
      now++;
    }
    // Also what a kernel does not bind: a verifier reads a step's inputs and outputs while the step runs.
    const end = Math.max(start, now - 1);
    for (const { slot } of step.inputs) touch(slot, start);
    for (const output of step.outputs) if (output) touch(output.slot, end);
    for (const slot of step.scratch) {
      touch(slot, start);
      touch(slot, end);
    }
  }
  for (const { slot } of outputs) touch(slot, now);
  return spans;
}
