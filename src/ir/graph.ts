/**
 * The graph: plain, immutable nodes that hold their op directly. A node may have several outputs; a `Value` is one of them.
 * Nothing here computes: gradients, the reference, the compiler and the printer all read this one structure.
 */

import type { DType, HostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import type { OpDef } from './op.js';

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor on the host. */
export interface HostTensor extends TensorType {
  readonly data: HostArray;
}

export interface Node<A extends object = object> {
  /** Rises with creation, so that ids sort topologically. */
  readonly id: number;
  readonly op: OpDef<A>;
  readonly inputs: readonly Value[];
  readonly attrs: A;
  readonly outputs: readonly Value[];
  /** The layer that made it, for labels and errors: `dense_1`. */
  readonly scope: string;
}

/** One output of a node. Tensors, variables and inputs of the public API are values too. */
export interface Value extends TensorType {
  readonly node: Node;
  readonly index: number;
}

/** What an op accepts: a value, or a number that becomes a scalar of the other operands' dtype. */
export type Operand = Value | number;

let nextId = 0;
let currentScope = '';

/** Runs `build` with every node it makes labelled `scope`, nested scopes joined by `/`. */
export function withScope<T>(scope: string, build: () => T): T {
  const outer = currentScope;
  currentScope = outer ? `${outer}/${scope}` : scope;
  try {
    return build();
  } finally {
    currentScope = outer;
  }
}

/**
 * The value that the node itself holds. Tensors and variables of the public API wrap it; everything below compares values by
 * identity, so whatever enters the graph is unwrapped first.
 */
export function canonical(value: Value): Value {
  const held = value.node.outputs[value.index];
  if (held) return held;
  throw new HeddleError({ op: 'graph', message: `${value.node.op.name} has no output ${value.index}` });
}

/** Records a node. Throws what `op.infer` throws. Returns the node's outputs. */
export function apply<A extends object>(
  op: OpDef<A>,
  inputs: readonly Value[],
  attrs: A,
  scope = currentScope,
): readonly Value[] {
  const types = op.infer(inputs, attrs);
  const outputs: Value[] = [];
  const node: Node<A> = Object.freeze({
    id: nextId++,
    op,
    inputs: Object.freeze(inputs.map(canonical)),
    attrs,
    outputs,
    scope,
  });
  types.forEach((type, index) => {
    const value: Value = { node, index, shape: Object.freeze([...type.shape]), dtype: type.dtype };
    outputs.push(Object.freeze(value));
  });
  Object.freeze(outputs);
  return outputs;
}

/** `apply` for an op with one output. */
export function applyOne<A extends object>(op: OpDef<A>, inputs: readonly Value[], attrs: A): Value {
  return first(apply(op, inputs, attrs));
}

/** The first of `values`; an empty list is a fault of the caller's op. */
export function first<T>(values: readonly T[]): T {
  const value = values[0];
  if (value === undefined) throw new HeddleError({ op: 'graph', message: 'an op returned no output' });
  return value;
}

/** A variable as the graph and the compiler see it: its identity and its fixed place on the device. */
export interface VariableRef extends TensorType {
  readonly id: number;
  readonly name: string;
  readonly trainable: boolean;
  /** The store's buffer that holds it, and its byte offset there. Settled before the first program is compiled. */
  readonly place: () => VariablePlace;
}

export interface VariablePlace {
  readonly arena: VariableArena;
  readonly offset: number;
}

/** One buffer of a variable store. Identity matters, not content: the runtime maps it to a buffer. */
export interface VariableArena {
  readonly id: number;
  readonly label: string;
  readonly bytes: () => number;
}

/** A program before compilation. `updates` read all old values, then write. */
export interface Graph {
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  readonly updates: readonly GraphUpdate[];
}

export interface GraphInput {
  readonly name: string;
  readonly value: Value;
}

export interface GraphOutput {
  readonly name: string;
  readonly value: Value;
}

export interface GraphUpdate {
  readonly variable: VariableRef;
  readonly value: Value;
}

/** The values that a graph must compute. */
export function rootsOf(graph: Graph): Value[] {
  return [...graph.outputs.map((output) => output.value), ...graph.updates.map((update) => update.value)];
}

/** All nodes that `roots` need, inputs before users. Iterative: an unrolled network is deeper than the stack. */
export function topologicalOrder(roots: readonly Value[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const push = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  for (const root of roots) {
    push(root.node);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input) push(input.node);
      else order.push((stack.pop() as { node: Node }).node);
    }
  }
  return order;
}
