/** What every graph-to-graph pass needs: rebuilding what changed, and knowing who uses what. */

import { sameShape, showShape } from '../core/shape.js';
import { canonical, type Graph, type Node, rootsOf, topologicalOrder, type Value } from '../ir/graph.js';
import { rebuilt } from '../ir/rewrite.js';

/** New outputs for `node`, whose inputs have become `inputs`; `null` keeps the op and its attributes. */
export type Rewrite = (node: Node, inputs: readonly Value[]) => readonly Value[] | null;

/**
 * `graph` with every node passed through `rewrite`, inputs before users. Nodes that nothing changes stay the same objects, and
 * what the roots no longer need is gone: dead code is left out by construction.
 */
export function rewriteGraph(graph: Graph, rewrite: Rewrite): Graph {
  const values = new Map<Value, Value>();
  const now = (value: Value): Value => values.get(value) ?? value;
  for (const node of topologicalOrder(rootsOf(graph))) {
    const inputs = node.inputs.map(now);
    const outputs = rewrite(node, inputs) ?? rebuilt(node, inputs);
    node.outputs.forEach((before, index) => {
      const after = outputs[index];
      // An output that nobody uses may vanish with a rewrite.
      if (!after || after === before) return;
      expectSameType(node, before, after);
      values.set(before, after);
    });
  }
  return withValues(graph, now);
}

/** `graph` with each root replaced by what `now` gives for it. */
export function withValues(graph: Graph, now: (value: Value) => Value): Graph {
  return {
    inputs: graph.inputs,
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: now(value) })),
    updates: graph.updates.map(({ variable, value }) => ({ variable, value: now(value) })),
  };
}

/** `graph` without the tensors and variables that wrap values in the public API: below, values are compared by identity. */
export function canonicalGraph(graph: Graph): Graph {
  const inputs = graph.inputs.map(({ name, value }) => ({ name, value: canonical(value) }));
  return { ...withValues(graph, canonical), inputs };
}

/** Whether nothing has changed: nodes are immutable, so equal roots are equal graphs. */
export const sameRoots = (a: Graph, b: Graph): boolean =>
  a.outputs.every(({ value }, index) => value === b.outputs[index]?.value) &&
  a.updates.every(({ value }, index) => value === b.updates[index]?.value);

/** The nodes that read each value, once per use, in topological order. */
export function usersOf(order: readonly Node[]): ReadonlyMap<Value, readonly Node[]> {
  const users = new Map<Value, Node[]>();
  for (const node of order) {
    for (const input of node.inputs) {
      const list = users.get(input);
      if (list) list.push(node);
      else users.set(input, [node]);
    }
  }
  return users;
}

function expectSameType(node: Node, before: Value, after: Value): void {
  if (sameShape(before.shape, after.shape) && before.dtype === after.dtype) return;
  throw new Error(
    `compiler: ${node.op.name} was rewritten from ${before.dtype} ${showShape(before.shape)} ` +
      `to ${after.dtype} ${showShape(after.shape)}`,
  );
}
