/** The order of steps: legal ones are tried in a few natural ways, and the one that keeps least memory alive wins. */

import { aligned, isTemporary, type Slot } from '../program.js';
import type { Draft, DraftSchedule } from './draft.js';

/** A legal order of all steps. `kept` slots live to the end. */
export function bestOrder(work: DraftSchedule, kept: ReadonlySet<Slot>): Draft[] {
  const before = new Map(work.drafts.map((draft) => [draft, work.before(draft)]));
  const byCreation = [...work.drafts].sort((a, b) => a.rank - b.rank);
  const candidates = [byRank(byCreation, before), depthFirst(byCreation, before)];
  const peaks = candidates.map((order) => peakOf(order, work, kept));
  return candidates[peaks.indexOf(Math.min(...peaks))] as Draft[];
}

type Before = ReadonlyMap<Draft, ReadonlySet<Draft>>;

/** Always the earliest created step that is ready. */
function byRank(drafts: readonly Draft[], before: Before): Draft[] {
  const followers = new Map<Draft, Draft[]>();
  const waiting = new Map<Draft, number>();
  for (const draft of drafts) {
    const needed = before.get(draft) ?? new Set();
    waiting.set(draft, needed.size);
    for (const earlier of needed) {
      const list = followers.get(earlier);
      if (list) list.push(draft);
      else followers.set(earlier, [draft]);
    }
  }
  const position = new Map(drafts.map((draft, index) => [draft, index]));
  const rankOf = (draft: Draft): number => position.get(draft) ?? 0;
  const ready = drafts.filter((draft) => waiting.get(draft) === 0).reverse();
  const order: Draft[] = [];
  for (let draft = ready.pop(); draft; draft = ready.pop()) {
    order.push(draft);
    for (const follower of followers.get(draft) ?? []) {
      const left = (waiting.get(follower) ?? 0) - 1;
      waiting.set(follower, left);
      if (left > 0) continue;
      // `ready` is sorted with the earliest last.
      let at = ready.length;
      while (at > 0 && rankOf(ready[at - 1] as Draft) < rankOf(follower)) at--;
      ready.splice(at, 0, follower);
    }
  }
  if (order.length !== drafts.length) throw new Error('compiler: the schedule has a cycle');
  return order;
}

/** Each step as late as its first follower allows: inputs just before users. */
function depthFirst(drafts: readonly Draft[], before: Before): Draft[] {
  const order: Draft[] = [];
  const seen = new Set<Draft>();
  const followed = new Set<Draft>();
  for (const needed of before.values()) for (const draft of needed) followed.add(draft);
  const stack: { draft: Draft; needed: Draft[] }[] = [];
  const push = (draft: Draft): void => {
    if (seen.has(draft)) return;
    seen.add(draft);
    stack.push({ draft, needed: [...(before.get(draft) ?? [])].sort((a, b) => b.rank - a.rank) });
  };
  for (const root of drafts.filter((draft) => !followed.has(draft))) {
    push(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.needed.pop();
      if (next) push(next);
      else {
        order.push(top.draft);
        stack.pop();
      }
    }
  }
  return order;
}

/** The largest sum of aligned temporaries alive at one step. */
function peakOf(order: readonly Draft[], work: DraftSchedule, kept: ReadonlySet<Slot>): number {
  const spans = new Map<Slot, { first: number; last: number }>();
  order.forEach(({ step }, at) => {
    const operands = [...step.inputs, ...step.outputs.filter((output) => output !== null)];
    for (const slot of [...operands.map((operand) => operand.slot), ...step.scratch]) {
      const physical = work.physical(slot);
      if (!isTemporary(physical)) continue;
      const span = spans.get(physical);
      if (span) span.last = at;
      else spans.set(physical, { first: at, last: at });
    }
  });
  const change = new Array<number>(order.length + 1).fill(0);
  const pinned = new Set([...kept].map((slot) => work.physical(slot)));
  for (const [slot, { first, last }] of spans) {
    change[first] = (change[first] ?? 0) + aligned(slot.bytes);
    const end = pinned.has(slot) ? order.length : last + 1;
    change[end] = (change[end] ?? 0) - aligned(slot.bytes);
  }
  let alive = 0;
  let peak = 0;
  for (const delta of change) {
    alive += delta;
    peak = Math.max(peak, alive);
  }
  return peak;
}
