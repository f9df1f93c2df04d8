/**
 * Rematerialise: cheap pointwise nodes (random masks, casts, comparisons) are made again in each pointwise consumer, where they
 * cost an instruction, instead of being stored between them.
 */

import { apply, type Graph, type Node, rootsOf, topologicalOrder, type Value } from '../../ir/graph.js';
import { rebuilt } from '../../ir/rewrite.js';
import { withValues } from '../rewrite.js';

/** A longer chain of cheap nodes is stored somewhere in between. */
const LONGEST_CHAIN = 12;

export function rematerialise(graph: Graph): Graph {
  const values = new Map<Value, Value>();
  const now = (value: Value): Value => values.get(value) ?? value;
  for (const node of topologicalOrder(rootsOf(graph))) {
    const copies = new Map<Value, Value>();
    const inputs = node.inputs.map((input) =>
      node.op.pointwise ? copyOf(input, 0, copies, now) : now(input),
    );
    const outputs = rebuilt(node, inputs);
    node.outputs.forEach((output, index) => {
      values.set(output, outputs[index] as Value);
    });
  }
  return withValues(graph, now);
}

const isCheap = (node: Node): boolean => node.op.pointwise?.cheap === true;

/** `value` made anew where that is cheap, once per consumer. */
function copyOf(value: Value, depth: number, copies: Map<Value, Value>, now: (value: Value) => Value): Value {
  const { node } = value;
  if (!isCheap(node) || depth > LONGEST_CHAIN) return now(value);
  const known = copies.get(value);
  if (known) return known;
  const inputs = node.inputs.map((input) => copyOf(input, depth + 1, copies, now));
  const copy = apply(node.op, inputs, node.attrs, node.scope)[0] as Value;
  copies.set(value, copy);
  return copy;
}
