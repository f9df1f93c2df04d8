/** New values of weights that do not come from an optimizer alone, kept only where the step is not refused. */

import { Tensor, training, type Update, type Value } from '../../engine/index.js';
import { runsOf } from '../../optim/runs.js';
import type { AnyLayer } from '../layer.js';

interface Change extends Update {
  /** What the variable holds by then. */
  readonly current: Value;
}

/** `updates` where `apply` (uint32 []) is not 0: one dispatch for weights that lie side by side. */
export const committed = (updates: readonly Update[], apply: Value): Update[] =>
  commit(
    updates.map((update) => ({ ...update, current: update.variable })),
    apply,
  );

/** `updates` of an optimizer, then each constrained weight of `layers` as its constraint lets it be, where `apply` is not 0. */
export function constrained(
  layers: readonly Pick<AnyLayer, 'rules'>[],
  updates: readonly Update[],
  apply: Value,
): Update[] {
  const constraints = new Map(
    layers.flatMap(({ rules }) =>
      rules.flatMap(({ variable, constraint }) => (constraint ? [[variable, constraint] as const] : [])),
    ),
  );
  const free = updates.filter(({ variable }) => !constraints.has(variable));
  const bound = updates.flatMap(({ variable, value }): Change[] => {
    const constraint = constraints.get(variable);
    return constraint ? [{ variable, current: value, value: constraint.constrain(new Tensor(value)) }] : [];
  });
  return [...free, ...commit(bound, apply)];
}

function commit(changes: readonly Change[], apply: Value): Update[] {
  return runsOf(changes.map(({ variable }) => variable)).flatMap(({ from, to }) => {
    const run = changes.slice(from, to);
    const kept = run.map(({ current }) => current);
    const values = training.commit({ kept, values: run.map(({ value }) => value), apply });
    return run.map(({ variable }, index) => ({ variable, value: values[index] as Value }));
  });
}
