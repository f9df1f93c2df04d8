/**
 * Variables that count the training steps of a model and that its random layers read. `minimize` knows them by this mark and counts them on,
 * so that a graph program draws new dropout masks at every step, as `fit` does.
 */

import type { Value, Variable } from '../engine/index.js';

const counters = new WeakMap<Value['node'], Variable>();

/** Marks `variable` (uint32 []) as a step counter. */
export function markStepCounter(variable: Variable): void {
  counters.set(variable.node, variable);
}

/** The step counters among `nodes`. */
export function stepCountersAmong(nodes: Iterable<Value['node']>): Variable[] {
  return [...nodes].map((node) => counters.get(node)).filter((variable) => variable !== undefined);
}
