/** Rebuilds a graph with some values replaced. Nodes that depend on none of them are kept as they are. */

import { apply, topologicalOrder, type Value } from './graph.js';

/** `roots` with every use of a key of `replacements` (canonical values) turned into its entry. */
export function substitute(roots: readonly Value[], replacements: ReadonlyMap<Value, Value>): Value[] {
  const replaced = new Map<Value, Value>(replacements);
  const resolve = (value: Value): Value => replaced.get(value) ?? value;
  for (const node of topologicalOrder(roots)) {
    const inputs = node.inputs.map(resolve);
    if (inputs.every((input, index) => input === node.inputs[index])) continue;
    const outputs = apply(node.op, inputs, node.attrs, node.scope);
    node.outputs.forEach((output, index) => {
      const copy = outputs[index];
      if (copy && !replaced.has(output)) replaced.set(output, copy);
    });
  }
  return roots.map(resolve);
}
