/** Groups: tensors that one binding covers as a range, and that therefore lie one after the other. */

import { clashesOf } from '../clashes.js';
import { aligned, isTemporary, membersOf, type Slot, slotOf } from '../program.js';
import type { Draft, DraftSchedule } from './draft.js';

/**
 * The temporaries that must be placed together. Members that cannot lie there (a variable, an input, a constant, a tensor of
 * another group, one that a dispatch reads while it writes another member) are copied into the block. A group made of variables is checked instead: the store has placed them.
 */
export function blocksOf(work: DraftSchedule): Slot[][] {
  const blocks: Slot[][] = [];
  const blockOf = new Map<Slot, Slot[]>();
  for (const draft of [...work.drafts]) {
    for (const { args } of draft.step.dispatches) {
      for (const arg of args) {
        if (arg.kind !== 'group') continue;
        const present = (): Slot[] =>
          membersOf(arg).map((member) => work.physical(slotOf(draft.step, member)));
        if (areNeighbours(present())) continue;
        const known = blockOf.get(present()[0] as Slot);
        if (known && sameMembers(known, present())) continue;
        const before = present();
        const clashes = clashesOf(
          work.drafts.map(({ step }) => step),
          (slot) => work.physical(slot),
        );
        const accepted: Slot[] = [];
        membersOf(arg).forEach((member, position) => {
          const slot = before[position] as Slot;
          const once = before.indexOf(slot) === before.lastIndexOf(slot);
          const apart = accepted.some((other) => clashes.get(slot)?.has(other));
          if (isTemporary(slot) && !blockOf.has(slot) && once && !apart) accepted.push(slot);
          else if (member.kind === 'input') copyInto(draft, member.index, work);
          else throw misplaced(draft, slot);
        });
        const block = present();
        for (const slot of block) blockOf.set(slot, block);
        blocks.push(block);
      }
    }
  }
  return blocks;
}

function copyInto(draft: Draft, index: number, work: DraftSchedule): void {
  const operand = draft.step.inputs[index];
  if (!operand)
    throw new Error(`compiler: ${draft.step.label} groups input ${index}, which it does not have`);
  const copy = work.copy(operand, draft.rank - 0.5);
  work.redirect(draft, operand.slot, copy, new Set([index]));
}

/** Whether all are variables that one store has placed one after the other. */
function areNeighbours(slots: readonly Slot[]): boolean {
  const places = slots.map(({ home }) => (home.kind === 'variable' ? home.variable.place() : null));
  return places.every((place, index) => {
    if (!place) return false;
    const previous = places[index - 1];
    if (index === 0) return true;
    const end = (previous?.offset ?? 0) + aligned(slots[index - 1]?.bytes ?? 0);
    return previous?.arena === place.arena && place.offset === end;
  });
}

const sameMembers = (a: readonly Slot[], b: readonly Slot[]): boolean =>
  a.length === b.length && a.every((slot, index) => slot === b[index]);

function misplaced({ step }: Draft, slot: Slot): Error {
  const place = slot.home.kind === 'variable' ? slot.home.variable.place() : null;
  const where = place ? `at byte ${place.offset} of ${place.arena.label}` : 'in another group';
  return new Error(
    `compiler: ${step.label} overwrites a group of tensors that must lie one after the other, each at the next multiple of ` +
      `256 bytes; ${slot.label} lies ${where}`,
  );
}
