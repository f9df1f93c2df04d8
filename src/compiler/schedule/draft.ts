/**
 * The schedule while it is being decided: steps as nodes of a dependence graph, with "must come before" edges beside those of
 * the data. Everything here is private to `schedule`.
 */

import { apply } from '../../ir/graph.js';
import type { Capabilities } from '../../kernels/kernel.js';
import { copyOp } from '../../ops/movement/copy.js';
import { lowerNode } from '../lower.js';
import { isTemporary, type Operand, type Slot, type Step, temporary } from '../program.js';

export interface Draft {
  step: Step;
  /** Where it stands while nothing else decides: the order of creation; copies come just before what needs them. */
  readonly rank: number;
  /** Steps that read what this one overwrites. */
  readonly after: Set<Draft>;
}

/** Steps, who makes and who reads each slot, and which slots share memory. Slots here are logical: one per value. */
export class DraftSchedule {
  readonly drafts: Draft[] = [];
  readonly producers = new Map<Slot, Draft>();
  readonly readers = new Map<Slot, Set<Draft>>();
  /** Slots that take over another's memory. */
  private readonly takenFrom = new Map<Slot, Slot>();
  private readonly successors = new Map<Slot, Slot>();
  /** The step that overwrites a slot's memory. */
  readonly overwriters = new Map<Slot, Draft>();

  constructor(
    steps: readonly Step[],
    private readonly capabilities: Capabilities,
  ) {
    for (const [rank, step] of steps.entries()) this.insert(step, rank);
  }

  /** The memory that `slot` ends up in. */
  physical(slot: Slot): Slot {
    let at = slot;
    for (let next = this.takenFrom.get(at); next; next = this.takenFrom.get(at)) at = next;
    return at;
  }

  /** The value that lies in `place` last: itself, or what has been written over it so far. */
  occupant(place: Slot): Slot {
    let at = place;
    for (let next = this.successors.get(at); next; next = this.successors.get(at)) at = next;
    return at;
  }

  isPlaced(slot: Slot): boolean {
    return this.takenFrom.has(slot) || !isTemporary(slot);
  }

  /** `slot` takes the memory of `from`, which `writer` overwrites: whoever reads `from` comes first, or reads a copy. */
  overwrite(writer: Draft, slot: Slot, from: Slot): void {
    this.takenFrom.set(slot, from);
    this.successors.set(from, slot);
    this.overwriters.set(from, writer);
    const producer = this.producers.get(from);
    if (producer && producer !== writer) writer.after.add(producer);
    const reachable = this.reachableFrom(writer);
    const late = this.readersOf(from).filter((reader) => reader !== writer && reachable.has(reader));
    if (late.length > 0) {
      const operand = this.operandOf(late[0] as Draft, from);
      const copy = this.copy(operand, writer.rank - 0.5);
      for (const reader of late) this.redirect(reader, from, copy);
    }
    for (const reader of this.readersOf(from)) if (reader !== writer) writer.after.add(reader);
  }

  /** Whether every reader of `slot` other than `writer` can come before it. */
  canFollowReaders(writer: Draft, slot: Slot): boolean {
    const reachable = this.reachableFrom(writer);
    return this.readersOf(slot).every((reader) => reader === writer || !reachable.has(reader));
  }

  /** A new step that copies `operand` to memory of its own (or to that of `into`), and the operand that it makes. */
  copy(operand: Operand, rank: number, into?: Slot): Operand {
    const { scope } = operand.value.node;
    const node = apply(copyOp, [operand.value], {}, scope)[0]?.node;
    const value = node?.outputs[0];
    if (!node || !value) throw new Error('compiler: copy has no output');
    const made: Operand = { value, slot: temporary(value, `copy of ${operand.slot.label}`) };
    const draft = this.insert(lowerNode(node, [operand], [made], this.capabilities), rank);
    this.overwriters.get(operand.slot)?.after.add(draft);
    if (into) this.overwrite(draft, made.slot, into);
    return made;
  }

  /** Makes `reader` read `to` wherever it read `from`; `only` limits that to some of its inputs. */
  redirect(reader: Draft, from: Slot, to: Operand, only?: ReadonlySet<number>): void {
    const moves = (input: Operand, index: number): boolean =>
      input.slot === from && (only?.has(index) ?? true);
    const inputs = reader.step.inputs.map((input, index) =>
      moves(input, index) ? { value: input.value, slot: to.slot } : input,
    );
    reader.step = { ...reader.step, inputs };
    if (!inputs.some(({ slot }) => slot === from)) this.readers.get(from)?.delete(reader);
    this.noteReader(to.slot, reader);
  }

  readersOf(slot: Slot): Draft[] {
    return [...(this.readers.get(slot) ?? [])];
  }

  operandOf(reader: Draft, slot: Slot): Operand {
    const operand = reader.step.inputs.find((input) => input.slot === slot);
    if (!operand) throw new Error(`compiler: ${reader.step.label} does not read ${slot.label}`);
    return operand;
  }

  /** Steps that must come before `draft`. */
  before(draft: Draft): Set<Draft> {
    const before = new Set(draft.after);
    for (const { slot } of draft.step.inputs) {
      const producer = this.producers.get(slot);
      if (producer && producer !== draft) before.add(producer);
    }
    return before;
  }

  private insert(step: Step, rank: number): Draft {
    const draft: Draft = { step, rank, after: new Set() };
    this.drafts.push(draft);
    for (const { slot } of step.inputs) this.noteReader(slot, draft);
    for (const output of step.outputs) if (output) this.producers.set(output.slot, draft);
    return draft;
  }

  private noteReader(slot: Slot, reader: Draft): void {
    const readers = this.readers.get(slot);
    if (readers) readers.add(reader);
    else this.readers.set(slot, new Set([reader]));
  }

  /** Steps that cannot come before `from`, itself included. */
  private reachableFrom(from: Draft): ReadonlySet<Draft> {
    const followers = new Map<Draft, Draft[]>();
    for (const draft of this.drafts) {
      for (const earlier of draft.after) {
        const list = followers.get(earlier);
        if (list) list.push(draft);
        else followers.set(earlier, [draft]);
      }
    }
    const reached = new Set([from]);
    const stack = [from];
    for (let draft = stack.pop(); draft; draft = stack.pop()) {
      const next = draft.step.outputs.flatMap((output) => (output ? this.readersOf(output.slot) : []));
      for (const follower of [...next, ...(followers.get(draft) ?? [])]) {
        if (reached.has(follower)) continue;
        reached.add(follower);
        stack.push(follower);
      }
    }
    return reached;
  }
}
