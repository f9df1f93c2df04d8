/** A recurrence in base ops, step after step: what fused recurrent ops mean, and what a cell of a user's own becomes. */

import type { Value } from '../../ir/graph.js';
import { stack } from '../movement/concat.js';
import { slice } from '../movement/slice.js';
import { reshape } from '../structural.js';
import { stepsOf } from './walk.js';

export interface UnrolledStep {
  /** What the step gives, each [B, …]. */
  readonly outputs: readonly Value[];
  /** What the next step starts from. */
  readonly states: readonly Value[];
}

export interface UnrollOptions {
  /** From the last step to the first. Default false. Sequences are in time order either way. */
  readonly goBackwards?: boolean;
}

/**
 * `step` at each step of `inputs`, each [B, T, …]: it is given one [B, …] of each, and the states that the step before it
 * left (`states` at first).
 *
 * @returns each output of `step` as a sequence [B, T, …], and the states after the last step. The graph grows with T.
 */
export function unroll(
  inputs: readonly Value[],
  states: readonly Value[],
  step: (inputs: readonly Value[], states: readonly Value[]) => UnrolledStep,
  { goBackwards = false }: UnrollOptions = {},
): { readonly sequences: readonly Value[]; readonly states: readonly Value[] } {
  const steps = inputs[0]?.shape[1] ?? 0;
  const taken: (readonly Value[])[] = []; // in time order
  let now = states;
  for (const t of stepsOf(steps, goBackwards)) {
    const result = step(
      inputs.map((input) => atStep(input, t)),
      now,
    );
    taken[t] = result.outputs;
    now = result.states;
  }
  const count = taken[0]?.length ?? 0;
  const sequences = Array.from({ length: count }, (_, index) =>
    stack(
      taken.map((outputs) => outputs[index] as Value),
      { axis: 1 },
    ),
  );
  return { sequences, states: now };
}

/** x[:, t]. */
function atStep(x: Value, t: number): Value {
  const [batch = 0, , ...rest] = x.shape;
  const one = slice(x, { begin: [0, t, ...rest.map(() => 0)], size: [batch, 1, ...rest] });
  return reshape(one, [batch, ...rest]);
}
