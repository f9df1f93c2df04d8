/** Common subexpressions: nodes of one op over the same inputs with equal attributes are computed once. */

import type { Graph, Node, Value } from '../../ir/graph.js';
import { type ConstantAttrs, constantOp, type VariableAttrs, variableOp } from '../../ir/leaves.js';
import { rebuilt } from '../../ir/rewrite.js';
import { rewriteGraph } from '../rewrite.js';
import { structurallyEqual } from '../structural-key.js';

/** Constants above this size are told apart without comparing them. */
const LARGEST_COMPARED = 4096;

export function commonSubexpressions(graph: Graph): Graph {
  const known = new Map<string, Node[]>();
  return rewriteGraph(graph, (node, inputs) => {
    const key = bucketOf(node, inputs);
    if (key === null) return null;
    const bucket = known.get(key) ?? [];
    known.set(key, bucket);
    const equal = bucket.find(
      (other) =>
        other.op === node.op &&
        other.inputs.every((input, index) => input === inputs[index]) &&
        structurallyEqual(other.attrs, node.attrs),
    );
    if (equal) return equal.outputs;
    const outputs = rebuilt(node, inputs);
    if (outputs[0]) bucket.push(outputs[0].node);
    return outputs;
  });
}

/** What equal nodes share; `null` for a node that never equals another. */
function bucketOf(node: Node, inputs: readonly Value[]): string | null {
  const { name, leaf } = node.op;
  if (name === variableOp.name) return `variable ${(node.attrs as VariableAttrs).variable.id}`;
  if (leaf) return null;
  if (name === constantOp.name) {
    const { data, dtype, shape } = node.attrs as ConstantAttrs;
    return data.length > LARGEST_COMPARED ? null : `constant ${dtype} ${shape.join()} ${data[0]}`;
  }
  return `${name} ${inputs.map((input) => `${input.node.id}.${input.index}`).join()}`;
}
