/** Which temporaries may not share a buffer: WebGPU binds a buffer, in one dispatch, for reading or for writing. */

import { isTemporary, membersOf, type Slot, type Step, slotOf } from './program.js';

/** For each temporary, those that some dispatch writes while it reads this one, or reads while it writes this one. */
export type Clashes = ReadonlyMap<Slot, ReadonlySet<Slot>>;

/** `physical` maps a slot to the one whose memory it takes, where steps still speak of logical slots. */
export function clashesOf(steps: readonly Step[], physical: (slot: Slot) => Slot = (slot) => slot): Clashes {
  const clashes = new Map<Slot, Set<Slot>>();
  const note = (a: Slot, b: Slot): void => {
    const set = clashes.get(a);
    if (set) set.add(b);
    else clashes.set(a, new Set([b]));
  };
  for (const step of steps) {
    for (const { launch, args } of step.dispatches) {
      const reads: Slot[] = [];
      const writes: Slot[] = [];
      args.forEach((arg, index) => {
        const slots = membersOf(arg).map((member) => physical(slotOf(step, member)));
        const into = launch.kernel.bindings[index]?.access === 'read' ? reads : writes;
        into.push(...slots.filter(isTemporary));
      });
      for (const read of reads) {
        for (const write of writes) {
          note(read, write);
          note(write, read);
        }
      }
    }
  }
  return clashes;
}
