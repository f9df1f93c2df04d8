/**
 * The partition of a graph that the fuse pass refines: every node belongs to a cluster, and a cluster becomes one node. Merging
 * two clusters is legal as long as no path leads out of the one and into the other through a third.
 */

import { sameShape } from '../../../core/shape.js';
import { type Graph, type Node, rootsOf, topologicalOrder, type Value } from '../../../ir/graph.js';
import { scalarConstant } from '../../../ir/leaves.js';
import type { Capabilities } from '../../../kernels/kernel.js';
import { chooseCandidate, requestFor } from '../../candidates.js';
import { usersOf } from '../../rewrite.js';
import { Paths } from './paths.js';

export interface Cluster {
  /** The kernel op that pointwise work is attached to, or a node that nothing is attached to; `null` for a region. */
  readonly kernel: Node | null;
  /** Pointwise nodes of a region, or behind the kernel. */
  body: Node[];
  /** Pointwise nodes in front of the kernel. */
  before: Node[];
}

export class Clusters {
  readonly order: readonly Node[];
  readonly users: ReadonlyMap<Value, readonly Node[]>;
  readonly roots: ReadonlySet<Value>;
  readonly #of = new Map<Node, Cluster>();
  readonly #position = new Map<Node, number>();
  readonly #ownBindings = new Map<Node, number>();
  readonly #paths: Paths;

  constructor(
    readonly graph: Graph,
    readonly capabilities: Capabilities,
  ) {
    this.order = topologicalOrder(rootsOf(graph));
    this.users = usersOf(this.order);
    this.roots = new Set(rootsOf(graph));
    this.#paths = new Paths(this.order);
    this.order.forEach((node, position) => {
      this.#position.set(node, position);
      const cluster = node.op.pointwise
        ? { kernel: null, body: [node], before: [] }
        : { kernel: node, body: [], before: [] };
      this.#of.set(node, cluster);
    });
  }

  of(node: Node): Cluster {
    return this.#of.get(node) as Cluster;
  }

  all(): Cluster[] {
    return [...new Set(this.order.map((node) => this.of(node)))];
  }

  nodesOf({ kernel, body, before }: Cluster): Node[] {
    return kernel ? [...before, kernel, ...body] : body;
  }

  /** The nodes of `from` become part of `into`, behind its kernel or in front of it. */
  merge(from: Cluster, into: Cluster, where: 'body' | 'before' = 'body'): void {
    this.#paths.merge(this.place(from), this.place(into));
    into[where] = [...into[where], ...from.body].sort((a, b) => this.position(a) - this.position(b));
    for (const node of from.body) this.#of.set(node, into);
    from.body = [];
  }

  position(node: Node): number {
    return this.#position.get(node) ?? 0;
  }

  /** Values that `nodes` read from outside, scalar constants left out: each needs a binding. */
  operandsOf(nodes: readonly Node[]): Value[] {
    const inside = new Set(nodes);
    const operands = new Set<Value>();
    for (const node of nodes) {
      for (const input of node.inputs) {
        if (!inside.has(input.node) && scalarConstant(input) === null) operands.add(input);
      }
    }
    return [...operands];
  }

  /** Outputs of `nodes` that somebody outside of them reads, or the program returns. */
  resultsOf(nodes: readonly Node[], within: readonly Node[] = nodes): Value[] {
    const inside = new Set(within);
    return nodes
      .flatMap(({ outputs }) => outputs)
      .filter((value) => this.roots.has(value) || this.users.get(value)?.some((user) => !inside.has(user)));
  }

  isUsed(value: Value): boolean {
    return this.roots.has(value) || this.users.has(value);
  }

  /** How many tensors the kernel of `node` binds at most, by itself. */
  ownBindings(node: Node): number {
    const known = this.#ownBindings.get(node);
    if (known !== undefined) return known;
    const used = node.outputs.map((output) => this.isUsed(output));
    const { dispatches } = chooseCandidate(
      node.op,
      requestFor(node, used, this.capabilities),
      node.scope,
    ).lower();
    const count = Math.max(0, ...dispatches.map(({ launch }) => launch.kernel.bindings.length));
    this.#ownBindings.set(node, count);
    return count;
  }

  /** Whether a path leads from one to the other through a third cluster. Quickest where one `a` is asked of many `b`. */
  connectedThroughOthers(a: Cluster, b: Cluster): boolean {
    return this.#paths.throughOthers(this.place(a), this.place(b));
  }

  /** The position of one of its nodes. */
  private place({ kernel, body }: Cluster): number {
    return this.position(kernel ?? (body[0] as Node));
  }
}

/** The shape at which a region runs: that of all its results. */
export const regionShape = (nodes: readonly Node[]): readonly number[] =>
  nodes.at(-1)?.outputs[0]?.shape ?? [];

export const isRegion = ({ kernel, body }: Cluster): boolean => kernel === null && body.length > 0;

/** Whether all nodes of both may run as one loop over `shape`. */
export const fitsShape = (node: Node, shape: readonly number[]): boolean =>
  node.op.pointwise?.usesIndex !== true || sameShape(node.outputs[0]?.shape ?? [], shape);
