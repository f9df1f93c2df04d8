/**
 * Bias gradient: a dense layer needs xᵀ · dy for its kernel and Σ dy over the rows for its bias; a convolution needs the
 * gradient to its filter and Σ dy over all but the channels. The product reads all of dy anyway, so one kernel gives both.
 */

import { sizeOf } from '../../core/shape.js';
import { apply, type Graph, type Node, rootsOf, topologicalOrder, type Value } from '../../ir/graph.js';
import type { OpDef } from '../../ir/op.js';
import { rebuilt } from '../../ir/rewrite.js';
import { type ReduceAttrs, reshape, sumOp } from '../../ops/structural.js';
import { withValues } from '../rewrite.js';

export function biasGradient(graph: Graph): Graph {
  const order = topologicalOrder(rootsOf(graph));
  const sums = pairs(order);
  if (sums.size === 0) return graph;
  const products = new Set(sums.values());
  const values = new Map<Value, Value>();
  const now = (value: Value): Value => values.get(value) ?? value;
  const set = (before: Value | undefined, after: Value | undefined): void => {
    if (before && after) values.set(before, after);
  };
  const columnSums = new Map<Node, Value>();
  for (const node of orderWith(rootsOf(graph), sums)) {
    const inputs = node.inputs.map(now);
    const product = sums.get(node);
    const wider = products.has(node) ? withColumnSum(node) : null;
    if (wider) {
      const [result, columnSum] = apply(wider, inputs, node.attrs, node.scope);
      set(node.outputs[0], result);
      if (columnSum) columnSums.set(node, columnSum);
    } else if (product) {
      const columnSum = columnSums.get(product);
      set(node.outputs[0], columnSum && reshape(columnSum, node.outputs[0]?.shape ?? []));
    } else {
      rebuilt(node, inputs).forEach((after, index) => {
        set(node.outputs[index], after);
      });
    }
  }
  return withValues(graph, now);
}

/** Each sum over rows with the product that can make it. */
function pairs(order: readonly Node[]): ReadonlyMap<Node, Node> {
  const products = new Map<Value, Node>();
  for (const node of order) {
    const [, b] = node.inputs;
    if (b && withColumnSum(node) && !products.has(unshaped(b))) products.set(unshaped(b), node);
  }
  const sums = new Map<Node, Node>();
  const taken = new Set<Node>();
  for (const node of order) {
    const product =
      node.op.name === sumOp.name && isSumOverRows(node) ? products.get(unshaped(node.inputs[0])) : null;
    const columns = product?.outputs[0]?.shape.at(-1);
    if (!product || taken.has(product) || columns !== sizeOf(node.outputs[0]?.shape ?? [])) continue;
    if (dependsOn(product, node)) continue;
    taken.add(product);
    sums.set(node, product);
  }
  return sums;
}

/** The op that also gives the column sum of `node`'s second operand. */
const withColumnSum = ({ op, inputs, attrs }: Node): OpDef | null =>
  op.withColumnSum?.(inputs, attrs) ?? null;

function isSumOverRows({ inputs: [x], attrs }: Node): boolean {
  const { axes } = attrs as ReduceAttrs;
  const rank = x?.shape.length ?? 0;
  return rank > 1 && axes.length === rank - 1 && axes.every((axis, index) => axis === index);
}

function unshaped(value: Value | undefined): Value {
  let at = value as Value;
  for (let [input] = at.node.inputs; at.node.op.view && input; [input] = at.node.inputs) at = input;
  return at;
}

function dependsOn(node: Node, other: Node): boolean {
  const seen = new Set([node]);
  const stack = [node];
  for (let at = stack.pop(); at; at = stack.pop()) {
    if (at === other) return true;
    for (const { node: input } of at.inputs) {
      // Ids sort topologically: nothing older than `other` needs it.
      if (input.id < other.id || seen.has(input)) continue;
      seen.add(input);
      stack.push(input);
    }
  }
  return false;
}

/** A topological order in which `later` nodes also follow their partners. */
function orderWith(roots: readonly Value[], later: ReadonlyMap<Node, Node>): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; needed: Node[] }[] = [];
  const push = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const partner = later.get(node);
    const needed = node.inputs.map((input) => input.node);
    stack.push({ node, needed: partner ? [partner, ...needed] : needed });
  };
  for (const { node: root } of roots) {
    push(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.needed.pop();
      if (next) push(next);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}
