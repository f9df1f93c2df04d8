/**
 * Fold: what is known when the program is compiled is computed then, and structure that says nothing goes away.
 *
 * *Uniform* values, a scalar constant under broadcasts and reshapes, matter most: the gradient of a mean is one, and as a
 * scalar it travels in a kernel's parameters instead of filling a tensor. Empty tensors end here too, since no kernel may
 * bind one.
 */

import { sameShape, sizeOf, tryBroadcast } from '../../core/shape.js';
import { apply, type Graph, type Node, type Value, withScope } from '../../ir/graph.js';
import { type ConstantAttrs, constantOp, scalar } from '../../ir/leaves.js';
import { rebuilt } from '../../ir/rewrite.js';
import { rewriteGraph } from '../rewrite.js';
import { evaluated } from './fold/evaluate.js';
import { neutral } from './fold/neutral.js';
import { withoutViews } from './fold/structure.js';
import { asUniform, uniformOf } from './fold/uniform.js';

export function fold(graph: Graph): Graph {
  return rewriteGraph(graph, (node, inputs) => withScope(node.scope, () => foldNode(node, inputs)));
}

type Rule = (node: Node, inputs: readonly Value[]) => readonly Value[] | null;

const RULES: readonly Rule[] = [uniformConstant, evaluated, withoutViews, neutral];

/** `node` over `inputs` after the first rule that applies. */
function foldNode(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  if (node.op.leaf) return null;
  for (const rule of RULES) {
    const outputs = rule(node, inputs);
    if (outputs) return outputs;
  }
  const narrowed = node.op.pointwise ? inputs.map(narrower) : inputs;
  return narrowed.every((input, index) => input === inputs[index]) ? null : broadcasting(node, narrowed);
}

/** A pointwise node over operands that it now broadcasts itself, to the shape it had. */
function broadcasting(node: Node, inputs: readonly Value[]): readonly Value[] {
  const shape = node.outputs[0]?.shape ?? [];
  const fitted = tryBroadcast(inputs.map((input) => input.shape));
  if ('shape' in node.attrs || (fitted && sameShape(fitted, shape))) return rebuilt(node, inputs);
  return apply(node.op, inputs, { ...node.attrs, shape }, node.scope);
}

/** A constant whose elements are all equal becomes one number. */
function uniformConstant(node: Node): readonly Value[] | null {
  const [value] = node.outputs;
  if (node.op.name !== constantOp.name || !value || value.shape.length === 0 || value.dtype === 'uint8')
    return null;
  const { data } = node.attrs as ConstantAttrs;
  const [first = 0] = data;
  if (!data.every((one) => Object.is(one, first)) || data.length === 0) return null;
  return [asUniform(first, value)];
}

/** What a broadcast repeats, as far as pointwise broadcasting gives the same elements. */
function narrower(value: Value): Value {
  const uniform = uniformOf(value);
  if (uniform !== null && value.shape.length > 0) return scalar(uniform, value.dtype);
  const [input] = value.node.inputs;
  if (!input) return value;
  if (value.node.op.name === 'broadcastTo') return narrower(input);
  // [1, 1, 128] reads as [128] does.
  const leading = value.shape.length - input.shape.length;
  const onlyLeading =
    value.node.op.view &&
    leading > 0 &&
    sizeOf(value.shape.slice(0, leading)) === 1 &&
    sameShape(value.shape.slice(leading), input.shape);
  return onlyLeading ? narrower(input) : value;
}
