/**
 * The oracle: runs a graph on the CPU, node by node in topological order, each by its op's own reference (or through its
 * decomposition). Naive on purpose: nothing is lowered, fused or tiled, and no code is shared with the GPU path, so that an
 * error there cannot hide here. Nothing is applied either: updates come back as values, computed from old values alone.
 */

import { type HostArray, hostArray, isFloat } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { showShape, sizeOf } from '../core/shape.js';
import {
  type Graph,
  type HostTensor,
  type Node,
  rootsOf,
  type TensorType,
  topologicalOrder,
  type Value,
  type VariableRef,
} from '../ir/graph.js';
import { type InputAttrs, inputOp, type VariableAttrs, variableOp } from '../ir/leaves.js';
import { decompositionOf } from './decomposition.js';

/** Storage of float tensors between nodes: `float64` for finite differences, `float32` as a device would round. */
export type Precision = 'float64' | 'float32';

/** What the inputs hold, by their nodes. */
export type Feeds = ReadonlyMap<Node, HostArray>;

export interface EvaluateOptions {
  /** Default `float32`. */
  readonly precision?: Precision;
  /** A variable's present data; needed where the graph reads variables. It is never written. */
  readonly variables?: (variable: VariableRef) => HostArray;
}

/** The results of a graph; every array is the caller's own. */
export interface Evaluation {
  /** In the order of `graph.outputs`. */
  readonly outputs: readonly HostTensor[];
  /** In the order of `graph.updates`: what each variable is to hold next. */
  readonly updates: readonly HostTensor[];
}

/** Runs `graph`. Throws a `HeddleError` where an input is not fed or fed at another size. */
export function evaluate(graph: Graph, feeds: Feeds, options: EvaluateOptions = {}): Evaluation {
  return split(graph, drain(evaluationSteps(rootsOf(graph), feeds, options)));
}

/** The tensors of `roots`, each in an array of its own. */
export function evaluateValues(
  roots: readonly Value[],
  feeds: Feeds = new Map(),
  options: EvaluateOptions = {},
): HostTensor[] {
  return drain(evaluationSteps(roots, feeds, options));
}

/** Cuts the results of `rootsOf(graph)` into outputs and updates. */
export function split(graph: Graph, results: readonly HostTensor[]): Evaluation {
  const count = graph.outputs.length;
  return { outputs: results.slice(0, count), updates: results.slice(count) };
}

/** `tensor` with zeroed data of its own, in the reference's storage. */
export function emptyTensor({ shape, dtype }: TensorType, precision: Precision): HostTensor {
  return { shape, dtype, data: hostArray(dtype, sizeOf(shape), precision === 'float64') };
}

/** The evaluation as a generator that pauses after each node, so that a caller may give time to the page between nodes. */
export function* evaluationSteps(
  roots: readonly Value[],
  feeds: Feeds,
  options: EvaluateOptions,
): Generator<void, HostTensor[]> {
  const { precision = 'float32' } = options;
  const order = topologicalOrder(roots);
  const lastUse = lastUses(order, roots);
  const results = new Map<Node, readonly HostTensor[]>();
  const borrowed = new Set<HostArray>();

  for (const [position, node] of order.entries()) {
    if (node.op.leaf) {
      const tensor = leafTensor(node, feeds, options);
      borrowed.add(tensor.data);
      results.set(node, [tensor]);
    } else {
      const inputs = node.inputs.map((input) => tensorOf(results, input));
      results.set(node, yield* nodeSteps(node, inputs, precision));
    }
    for (const done of lastUse[position] ?? []) results.delete(done);
    yield;
  }

  // A root may be a leaf, a view of one, or appear twice: the caller gets an array of its own each time.
  return roots.map((root) => {
    const { shape, dtype, data } = tensorOf(results, root);
    const own = borrowed.has(data) ? data.slice() : data;
    borrowed.add(own);
    return { shape, dtype, data: own };
  });
}

/** One node's outputs from its inputs. */
function* nodeSteps(
  node: Node,
  inputs: readonly HostTensor[],
  precision: Precision,
): Generator<void, readonly HostTensor[]> {
  const { op, attrs, outputs } = node;
  if (op.view) return outputs.map(({ shape, dtype }) => ({ shape, dtype, data: tensorAt(inputs, 0).data }));
  if (op.reference) {
    const results = outputs.map((output) => emptyTensor(output, precision));
    op.reference(inputs, results, attrs);
    return results;
  }
  const { placeholders, results } = decompositionOf(node);
  const feeds = new Map(placeholders.map((value, index) => [value.node, tensorAt(inputs, index).data]));
  return yield* evaluationSteps(results, feeds, { precision });
}

/** Evaluates one node on host tensors: what `verify` and the tests of single ops need. */
export function evaluateNode(
  node: Node,
  inputs: readonly HostTensor[],
  precision: Precision = 'float64',
): readonly HostTensor[] {
  return drain(nodeSteps(node, inputs, precision));
}

function leafTensor(node: Node, feeds: Feeds, options: EvaluateOptions): HostTensor {
  const { shape, dtype } = node.outputs[0] as Value;
  const { name, data } = leafData(node, feeds, options);
  if (data.length !== sizeOf(shape)) {
    throw new HeddleError({
      op: 'evaluate',
      message: `${name} is ${showShape(shape)} and needs ${sizeOf(shape)} elements, it was given ${data.length}`,
      roles: [name],
      values: { shape, length: data.length },
      fix: 'feed as many elements as the shape holds',
    });
  }
  const double = options.precision === 'float64';
  const rounds = isFloat(dtype) && !double && !(data instanceof Float32Array);
  return { shape, dtype, data: rounds ? Float32Array.from(data) : data };
}

function leafData(
  node: Node,
  feeds: Feeds,
  { variables }: EvaluateOptions,
): { name: string; data: HostArray } {
  const { op } = node;
  if (op.name === variableOp.name) {
    const { variable } = node.attrs as VariableAttrs;
    const name = `variable '${variable.name}'`;
    const data = variables?.(variable);
    if (data) return { name, data };
    throw missing(name, 'pass a function that gives the data of each variable');
  }
  const name = op.name === inputOp.name ? `input '${(node.attrs as InputAttrs).name}'` : `'${op.name}'`;
  const data = feeds.get(node);
  if (data) return { name, data };
  throw missing(name, 'feed every input that the outputs need');
}

const missing = (name: string, fix: string): HeddleError =>
  new HeddleError({ op: 'evaluate', message: `${name} has no data`, roles: [name], fix });

/** For each position in `order`, the nodes whose results nobody needs after it. */
function lastUses(order: readonly Node[], roots: readonly Value[]): Node[][] {
  const last = new Map<Node, number>();
  for (const [position, node] of order.entries()) {
    last.set(node, position);
    for (const input of node.inputs) last.set(input.node, position);
  }
  for (const root of roots) last.delete(root.node);
  const lists: Node[][] = order.map(() => []);
  for (const [node, position] of last) lists[position]?.push(node);
  return lists;
}

function tensorOf(results: ReadonlyMap<Node, readonly HostTensor[]>, value: Value): HostTensor {
  return tensorAt(results.get(value.node) ?? [], value.index);
}

function tensorAt(tensors: readonly HostTensor[], index: number): HostTensor {
  const tensor = tensors[index];
  if (!tensor) throw new RangeError(`the reference has no tensor ${index} of ${tensors.length}`);
  return tensor;
}

function drain<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value as T;
  }
}
