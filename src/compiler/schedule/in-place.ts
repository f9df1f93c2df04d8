/** Which `inout` bindings really overwrite their input, and which overwrite a copy of it. */

import type { LoweredDispatch } from '../../ir/op.js';
import { isTemporary, membersOf, type Operand, type Slot } from '../program.js';
import type { Draft, DraftSchedule } from './draft.js';

/** An update whose value is made by a step of the program, in memory of its own. */
export interface Update {
  /** The slot of the variable. */
  readonly place: Slot;
  readonly value: Operand;
}

/**
 * Results that descend from a variable's old value to its new one by steps which overwrite in place, each with what it
 * overwrites: a counter may pass through several kernels without leaving its slot.
 */
export function lineagesOf(
  updates: readonly Update[],
  kept: ReadonlySet<Slot>,
  work: DraftSchedule,
): ReadonlyMap<Slot, Slot> {
  const lineages = new Map<Slot, Slot>();
  const finals = new Set(updates.map(({ value }) => value.slot));
  for (const { place, value } of updates) {
    const chain = new Map<Slot, Slot>();
    let at = value.slot;
    for (let from = overwrittenBy(at, work); from; from = overwrittenBy(at, work)) {
      chain.set(at, from);
      at = from;
      if (kept.has(from) || finals.has(from)) break;
    }
    if (at === place) for (const [to, from] of chain) lineages.set(to, from);
  }
  return lineages;
}

/** The slot in whose place the step that makes `slot` means to put it. */
function overwrittenBy(slot: Slot, work: DraftSchedule): Slot | undefined {
  const step = work.producers.get(slot)?.step;
  const pair = inPlaceGroups(step?.dispatches ?? [])
    .flat()
    .find(({ output }) => step?.outputs[output]?.slot === slot);
  return pair && step?.inputs[pair.input]?.slot;
}

interface InPlaceRules {
  readonly updates: readonly Update[];
  readonly lineages: ReadonlyMap<Slot, Slot>;
  /** Outputs of the program. */
  readonly kept: ReadonlySet<Slot>;
}

/** Lets results of `draft` take the memory of the inputs that they overwrite, or gives it copies to overwrite. */
export function settleInPlace(draft: Draft, rules: InPlaceRules, work: DraftSchedule): void {
  const groups = inPlaceGroups(draft.step.dispatches);
  const seen = new Set<number>();
  for (const group of groups) {
    const pairs = group.filter(({ output }) => !seen.has(output));
    for (const { output } of pairs) seen.add(output);
    // Members of a group lie together: all are variables in their places, or all are copies made for it.
    const sources = group.map(({ input }) => draft.step.inputs[input]?.slot);
    const together = group.length === 1 || sources.every((slot) => slot && inVariable(slot, work));
    const legal = together && pairs.every((pair) => mayOverwrite(draft, pair, rules, work));
    for (const { input, output } of pairs) {
      const from = draft.step.inputs[input];
      const to = draft.step.outputs[output];
      if (!from || !to)
        throw new Error(`compiler: ${draft.step.label} overwrites an input that it does not have`);
      const alsoReads = draft.step.inputs.flatMap(({ slot }, index) =>
        slot === from.slot && index !== input ? [index] : [],
      );
      if (!legal) {
        const copy = work.copy(from, draft.rank - 0.5);
        work.redirect(draft, from.slot, copy, new Set([input]));
        work.overwrite(draft, to.slot, copy.slot);
        continue;
      }
      if (alsoReads.length > 0) {
        const copy = work.copy(from, draft.rank - 0.5);
        work.redirect(draft, from.slot, copy, new Set(alsoReads));
      }
      work.overwrite(draft, to.slot, from.slot);
    }
  }
}

const inVariable = (slot: Slot, work: DraftSchedule): boolean => work.physical(slot).home.kind === 'variable';

interface InPlace {
  readonly input: number;
  readonly output: number;
}

/** The `inout` args of a step, those of one binding together. */
function inPlaceGroups(dispatches: readonly LoweredDispatch[]): InPlace[][] {
  return dispatches
    .flatMap(({ args }) => args)
    .map((arg) => membersOf(arg).filter((member) => member.kind === 'inout'))
    .filter((group) => group.length > 0);
}

/** Memory may be overwritten where it is the variable's that the result updates, or a temporary's that nobody else keeps. */
function mayOverwrite(
  draft: Draft,
  { input, output }: InPlace,
  { updates, lineages, kept }: InPlaceRules,
  work: DraftSchedule,
): boolean {
  const from = draft.step.inputs[input]?.slot;
  const to = draft.step.outputs[output]?.slot;
  if (!from || !to || work.overwriters.has(from)) return false;
  if (inVariable(from, work)) return lineages.get(to) === from;
  const isUpdateValue = updates.some(({ value }) => value.slot === from);
  return isTemporary(from) && !isUpdateValue && !kept.has(from) && work.canFollowReaders(draft, from);
}
