/**
 * Decides the order of the steps and which results overwrite what.
 *
 * The rule: updates read all old values, then write. A step that overwrites a variable comes after every other reader of the
 * old value; where that cannot be, the late readers get a copy made in time. A result that cannot be written straight into its
 * variable's place is made in a temporary and copied at the end.
 */

import type { VariableArena } from '../ir/graph.js';
import type { Capabilities } from '../kernels/kernel.js';
import {
  isTemporary,
  type LoweredProgram,
  membersOf,
  type NamedOperand,
  type Operand,
  type ScheduledProgram,
  type Slot,
  type Step,
  slotOf,
} from './program.js';
import { blocksOf } from './schedule/blocks.js';
import { type Draft, DraftSchedule } from './schedule/draft.js';
import { lineagesOf, settleInPlace, type Update } from './schedule/in-place.js';
import { bestOrder } from './schedule/order.js';

export function schedule(program: LoweredProgram, capabilities: Capabilities): ScheduledProgram {
  const work = new DraftSchedule(program.steps, capabilities);
  const updates = settleUpdates(program, work);
  const outputs = keepOutputs(program.outputs, updates, work);
  const kept = new Set(outputs.map(({ slot }) => slot));
  const lineages = lineagesOf(updates, kept, work);
  for (const draft of [...work.drafts]) settleInPlace(draft, { updates, lineages, kept }, work);
  for (const update of updates) settleUpdate(update, work);
  for (const draft of [...work.drafts]) separateReadsFromWrites(draft, work);
  const blocks = blocksOf(work);
  const order = bestOrder(work, kept);

  const place = (operand: Operand): Operand => ({ value: operand.value, slot: work.physical(operand.slot) });
  const finished = (step: Step): Step => ({
    ...step,
    inputs: step.inputs.map(place),
    outputs: step.outputs.map((output) => output && place(output)),
  });
  return {
    name: program.name,
    steps: order.map(({ step }) => finished(step)),
    inputs: program.inputs,
    outputs: outputs.map((output) => ({ name: output.name, ...place(output) })),
    blocks: blocks.map((block) => block.map((slot) => work.physical(slot))),
  };
}

const LAST = Number.MAX_SAFE_INTEGER;

/** Updates with a value of their own each: leaves, and values that serve two variables, are copied first. */
function settleUpdates({ updates }: LoweredProgram, work: DraftSchedule): Update[] {
  const settled: Update[] = [];
  const taken = new Set<Slot>();
  const places = placesOf(updates, work);
  for (const { variable, value } of updates) {
    const place = places.get(variable.id);
    if (!place || place.bytes === 0 || value.slot === place) continue;
    const own = isTemporary(value.slot) && !taken.has(value.slot) ? value : work.copy(value, LAST);
    taken.add(own.slot);
    settled.push({ place, value: own });
  }
  return settled;
}

/** The slot of each updated variable: the one that steps read it from, or a new one where none does. */
function placesOf(updates: LoweredProgram['updates'], work: DraftSchedule): ReadonlyMap<number, Slot> {
  const places = new Map<number, Slot>();
  const note = (slot: Slot): void => {
    if (slot.home.kind === 'variable') places.set(slot.home.variable.id, slot);
  };
  for (const slot of work.readers.keys()) note(slot);
  for (const { value } of updates) note(value.slot);
  for (const { variable, value } of updates) {
    if (places.has(variable.id)) continue;
    places.set(variable.id, {
      bytes: value.slot.bytes,
      label: variable.name,
      home: { kind: 'variable', variable },
    });
  }
  return places;
}

/** Outputs that show the old value of a variable which is overwritten get a copy of it. */
function keepOutputs(
  outputs: readonly NamedOperand[],
  updates: readonly Update[],
  work: DraftSchedule,
): NamedOperand[] {
  const overwritten = new Set(updates.map(({ place }) => variableOf(place)));
  return outputs.map((output) => {
    const variable = variableOf(output.slot);
    if (variable === null || !overwritten.has(variable)) return output;
    return { name: output.name, ...work.copy(output, -1) };
  });
}

const variableOf = (slot: Slot): number | null =>
  slot.home.kind === 'variable' ? slot.home.variable.id : null;

/** Makes the value of an update land in its variable's place, if its step did not overwrite that already. */
function settleUpdate({ place, value }: Update, work: DraftSchedule): void {
  if (work.physical(value.slot) === place) return;
  const producer = work.producers.get(value.slot);
  const direct =
    producer !== undefined &&
    !work.isPlaced(value.slot) &&
    !work.overwriters.has(place) &&
    mayWriteInto(producer, value.slot, place, work) &&
    work.canFollowReaders(producer, place);
  if (direct) work.overwrite(producer, value.slot, place);
  else work.copy(value, LAST, work.occupant(place));
}

/**
 * Whether the result of `producer` may be written straight to `place`: by one dispatch that writes it whole and reads nothing
 * of the same buffer, and outside any group, whose members must lie together.
 */
function mayWriteInto(producer: Draft, value: Slot, place: Slot, work: DraftSchedule): boolean {
  const { step } = producer;
  if (step.inputs.some(({ slot }) => slot === place)) return false;
  if (isGrouped(value, [producer, ...work.readersOf(value)])) return false;
  const touching = step.dispatches.filter(({ args }) =>
    args.some((arg) => membersOf(arg).some((member) => slotOf(step, member) === value)),
  );
  const [only] = touching;
  if (touching.length !== 1 || !only) return false;
  const arena = arenaOf(place);
  return only.args.every((arg, index) => {
    const access = only.launch.kernel.bindings[index]?.access;
    return membersOf(arg).every((member) => {
      const slot = slotOf(step, member);
      return slot === value
        ? access === 'write'
        : access !== 'read' || arenaOf(work.physical(slot)) !== arena;
    });
  });
}

const isGrouped = (slot: Slot, drafts: readonly Draft[]): boolean =>
  drafts.some(({ step }) =>
    step.dispatches.some(({ args }) =>
      args.some((arg) => arg.kind === 'group' && arg.members.some((member) => slotOf(step, member) === slot)),
    ),
  );

const arenaOf = (slot: Slot): VariableArena | null =>
  slot.home.kind === 'variable' ? slot.home.variable.place().arena : null;

/** WebGPU binds a buffer in a dispatch for reading or for writing: inputs read beside a write to their buffer are copied out. */
function separateReadsFromWrites(draft: Draft, work: DraftSchedule): void {
  for (const { args, launch } of draft.step.dispatches) {
    const written = new Set<VariableArena>();
    args.forEach((arg, index) => {
      if (launch.kernel.bindings[index]?.access === 'read') return;
      for (const member of membersOf(arg)) {
        const arena = arenaOf(work.physical(slotOf(draft.step, member)));
        if (arena) written.add(arena);
      }
    });
    args.forEach((arg, index) => {
      if (launch.kernel.bindings[index]?.access !== 'read') return;
      for (const member of membersOf(arg)) {
        if (member.kind !== 'input') continue;
        const operand = draft.step.inputs[member.index];
        const arena = operand && arenaOf(work.physical(operand.slot));
        if (!operand || !arena || !written.has(arena)) continue;
        const copy = work.copy(operand, draft.rank - 0.5);
        work.redirect(draft, operand.slot, copy);
      }
    });
  }
}
