/** The tensors of one direction, in base ops: cut out of those that hold all directions side by side, and put together again. */

import type { Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import { concat } from '../movement/concat.js';
import { slice } from '../movement/slice.js';
import { greater, select } from '../pointwise/index.js';
import { broadcastTo, expandDims, reshape } from '../structural.js';
import type { ByRole, CellAttrs, RecurrentShape } from './shape.js';

type Values = ByRole<Value>;

/** `count` columns of the last axis from `begin` on. */
export function columns(x: Value, begin: number, count: number): Value {
  const before = x.shape.slice(0, -1);
  return slice(x, { begin: [...before.map(() => 0), begin], size: [...before, count] });
}

/** Part `direction` of the last axis, which holds `directions` of them. */
export function directionOf(x: Value, direction: number, { directions }: RecurrentShape): Value {
  const width = (x.shape.at(-1) as number) / directions;
  return columns(x, direction * width, width);
}

/** The directions' parts side by side along the last axis. */
export const sideBySide = (parts: readonly Value[]): Value => concat(parts, { axis: -1 });

/** Part `part` of [S, B, D·H] in one direction: [B, H]; zeros where there is no such tensor. */
export function statePart(
  states: Value | undefined,
  part: number,
  direction: number,
  shape: RecurrentShape,
): Value {
  const { batch, units } = shape;
  if (!states) return broadcastTo(scalar(0), [batch, units]);
  const one = slice(states, { begin: [part, 0, direction * units], size: [1, batch, units] });
  return reshape(one, [batch, units]);
}

/** Which steps count: float32 [B, T, 1]. */
export const maskOf = ({ rows }: Values, { steps }: RecurrentShape, { mask }: Pick<CellAttrs, 'mask'>) =>
  mask && rows ? expandDims(columns(rows, 0, steps), { axis: 2 }) : null;

/** The factors of the state in one direction: [B, H]. */
export const factorsOf = (
  { rows }: Values,
  direction: number,
  { steps, units }: RecurrentShape,
  { mask, dropout }: Pick<CellAttrs, 'mask' | 'dropout'>,
): Value | null => (dropout && rows ? columns(rows, (mask ? steps : 0) + direction * units, units) : null);

/** `now` where the step counts, else `then`; `counts` [B, 1] is one step of `maskOf`. */
export const whereCounts = (counts: Value | undefined, now: Value, then: Value): Value =>
  counts ? select(greater(counts, 0.5), now, then) : now;

/** The sequence [B, T, H] one step later in the direction's order, `initial` [B, H] at its first. */
export function shifted(sequence: Value, initial: Value, backwards: boolean): Value {
  const [batch = 0, steps = 0, units = 0] = sequence.shape;
  const head = expandDims(initial, { axis: 1 });
  if (steps === 1) return head;
  const rest = slice(sequence, { begin: [0, backwards ? 1 : 0, 0], size: [batch, steps - 1, units] });
  return concat(backwards ? [rest, head] : [head, rest], { axis: 1 });
}

/** gru's gradients of one direction [·, 3H] as the recurrent product sees them: those of n times r, which `carry` [·, H] holds. */
export function withCarry(gates: Value, carry: Value): Value {
  const units = carry.shape.at(-1) as number;
  return sideBySide([columns(gates, 0, 2 * units), carry]);
}
