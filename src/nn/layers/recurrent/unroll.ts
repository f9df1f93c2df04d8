/** A cell over a sequence, step by step, in base ops: for cells that no kernel knows. The graph grows with the number of steps. */

import { ops, Tensor, tensor, unroll, type Value } from '../../../engine/index.js';
import type { Passed } from './core.js';
import { joined } from './directions.js';

export interface StepResult {
  /** [batch, units] */
  readonly output: Tensor;
  /** Each [batch, size]. */
  readonly states: readonly Tensor[];
}

export interface Unrolled extends StepResult {
  /** The output at each step, in order of time: [batch, steps, units]. */
  readonly sequence: Tensor;
}

export interface UnrollOptions {
  /** Whether the last step comes first. */
  readonly backwards: boolean;
  /** [batch, steps]: where it is 0, states and output stay. */
  readonly mask: Tensor | null;
}

/**
 * @param initial the states before the first step, and what the output is as long as no step counts
 * @param step what a step makes of [batch, features] and the states before it
 */
export function unrolled(
  x: Tensor,
  initial: StepResult,
  { backwards, mask }: UnrollOptions,
  step: (x: Tensor, states: readonly Tensor[]) => StepResult,
): Unrolled {
  const tensors = (values: readonly Value[]): Tensor[] => values.map((value) => new Tensor(value));
  const inputs = mask ? [x, ops.expandDims(mask, { axis: 2 })] : [x];
  const { sequences, states } = unroll(
    inputs,
    [initial.output, ...initial.states],
    (given, before) => {
      const [now, counts] = tensors(given) as [Tensor, Tensor?];
      const held = tensors(before);
      const result = step(now, held.slice(1));
      const after = [result.output, ...result.states].map((value, index) =>
        counts ? ops.select(ops.greater(counts, 0.5), value, held[index] as Tensor) : value,
      );
      return { outputs: [after[0] as Tensor], states: after };
    },
    { goBackwards: backwards },
  );
  const [[sequence], [output, ...last]] = [tensors(sequences), tensors(states)];
  return { sequence: sequence as Tensor, output: output as Tensor, states: last };
}

export const zeros = (batch: number, features: number): Tensor =>
  ops.broadcastTo(tensor(0), [batch, features]);

/** One pass of each direction, side by side. */
export function joinedPasses(passes: readonly Unrolled[]): Passed {
  const [first] = passes;
  return {
    sequence: joined(passes.map(({ sequence }) => sequence)),
    last: joined(passes.map(({ output }) => output)),
    states: (first?.states ?? []).map((_, index) =>
      joined(passes.map(({ states }) => states[index] as Tensor)),
    ),
  };
}
