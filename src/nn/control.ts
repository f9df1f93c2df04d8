/** The scalars that a training loop counts on the device. */

import { training, Variable, type VariableStore, zeros } from '../engine/index.js';
import { markStepCounter } from '../optim/step-counters.js';

/** uint32 [] each; `training.trainingTail` says what they mean. */
export type Control = Readonly<Record<(typeof training.CONTROL_ORDER)[number], Variable>>;

/** A set of control scalars in `store`, side by side in the order in which the tail kernel binds them as one range. */
export function createControl(store: VariableStore, group: string): Control {
  const entries = training.CONTROL_ORDER.map((name) => {
    const spec = { name: `${group}/${name}`, trainable: false, group };
    return [name, new Variable(store.create(zeros([], 'uint32'), spec))] as const;
  });
  const control = Object.fromEntries(entries) as Control;
  markStepCounter(control.step);
  return control;
}
