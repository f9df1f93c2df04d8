/** Rebuilds a graph with some values replaced. Nodes that depend on none of them are kept as they are. */

import { apply, type Node, topologicalOrder, type Value } from './graph.js';

/** The outputs of `node` over `inputs`: its own where nothing changed. */
export function rebuilt(node: Node, inputs: readonly Value[]): readonly Value[] {
  const unchanged = inputs.every((input, index) => input === node.inputs[index]);
  return unchanged ? node.outputs : apply(node.op, inputs, node.attrs, node.scope);
}

/** `roots` with every use of a key of `replacements` (canonical values) turned into its entry. */
export function substitute(roots: readonly Value[], replacements: ReadonlyMap<Value, Value>): Value[] {
  const replaced = new Map<Value, Value>(replacements);
  const resolve = (value: Value): Value => replaced.get(value) ?? value;
  for (const node of topologicalOrder(roots)) {
    rebuilt(node, node.inputs.map(resolve)).forEach((after, index) => {
      const before = node.outputs[index];
      if (before && before !== after && !replaced.has(before)) replaced.set(before, after);
    });
  }
  return roots.map(resolve);
}
