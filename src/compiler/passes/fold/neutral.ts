/** Arithmetic that changes nothing: x · 1, x + 0, −(−x), and the markers that gradients alone look at. */

import { sameShape } from '../../../core/shape.js';
import type { Node, Value } from '../../../ir/graph.js';
import { uniformOf } from './uniform.js';

/** Which operand of a two-operand row is the neutral one, and its number. x + 0 turns −0 into 0, which no test can tell. */
const NEUTRAL: Readonly<Record<string, { readonly number: number; readonly either: boolean }>> = {
  add: { number: 0, either: true },
  sub: { number: 0, either: false },
  mul: { number: 1, either: true },
  div: { number: 1, either: false },
};

export function neutral(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  const row = node.op.pointwise;
  const [output] = node.outputs;
  const [a, b] = inputs;
  if (!row || !output || !a) return null;
  const same = (value: Value): boolean =>
    sameShape(value.shape, output.shape) && value.dtype === output.dtype;
  if (row.name === 'stopGradient') return [a];
  if (row.name === 'neg' && a.node.op === node.op && a.node.inputs[0]) return [a.node.inputs[0]];
  const rule = NEUTRAL[row.name];
  if (!rule || !b) return null;
  if (same(a) && uniformOf(b) === rule.number) return [a];
  if (rule.either && same(b) && uniformOf(a) === rule.number) return [b];
  return null;
}
