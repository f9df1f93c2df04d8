/** The scalars by which a run of steps counts and decides, each uint32 []. */

import { training, Variable, type VariableStore, zeros } from '../../engine/index.js';

export type Control = Readonly<Record<(typeof training.CONTROL_ORDER)[number], Variable>>;

/** Side by side in the order in which one binding of the tail kernel finds them. */
export function createControl(store: VariableStore, group: string): Control {
  const make = (name: string): Variable =>
    new Variable(store.create(zeros([], 'uint32'), { name: `${group}/${name}`, trainable: false, group }));
  return Object.fromEntries(training.CONTROL_ORDER.map((name) => [name, make(name)])) as Record<
    keyof Control,
    Variable
  >;
}
