/** Which kernel choices of a graph are worth measuring: what `lower` will ask of its tunable ops, without lowering anything. */

import { sizeOf } from '../core/shape.js';
import { type Graph, type Node, rootsOf, topologicalOrder, type Value } from '../ir/graph.js';
import type { Candidate } from '../ir/op.js';
import type { Capabilities } from '../kernels/kernel.js';
import type { FusedAttrs } from '../ops/fused.js';
import { candidateRequestKey, requestFor } from './candidates.js';
import { simplify } from './passes/simplify.js';

export interface TunableRequest {
  /** What a tuning table calls it. */
  readonly key: string;
  /** A node that asks so; others of the same key ask for the same kernels. */
  readonly node: Node;
  readonly used: readonly boolean[];
  /** Best first by heuristic; at least two. */
  readonly candidates: readonly Candidate[];
  /** Floating-point operations of all nodes with this key: a measure of how much a better kernel saves. */
  readonly work: number;
}

/** The requests of `graph` that leave a choice, each once, most work first. Throws what the passes and the ops throw. */
export function tunableRequests(graph: Graph, capabilities: Capabilities): TunableRequest[] {
  const simple = simplify(graph, capabilities);
  const order = topologicalOrder(rootsOf(simple));
  const wanted = new Set<Value>([...rootsOf(simple), ...order.flatMap((node) => node.inputs)]);
  const requests: TunableRequest[] = [];
  for (const node of order) {
    if (!isTunable(node)) continue;
    const used = node.outputs.map((value) => wanted.has(value) && sizeOf(value.shape) > 0);
    if (!used.includes(true)) continue;
    const request = requestFor(node, used, capabilities);
    const candidates = node.op.candidates?.(request) ?? [];
    if (candidates.length < 2) continue;
    requests.push({
      key: candidateRequestKey(node.op, request),
      node,
      used,
      candidates,
      work: workOf(node),
    });
  }
  return mergeRequests(requests);
}

/** One request for each key, with the work of all. Most work first. */
export function mergeRequests(requests: readonly TunableRequest[]): TunableRequest[] {
  const merged = new Map<string, TunableRequest>();
  for (const request of requests) {
    const { work = 0 } = merged.get(request.key) ?? {};
    merged.set(request.key, { ...request, work: work + request.work });
  }
  return [...merged.values()].sort((one, other) => other.work - one.work);
}

/** Of a node with pointwise work attached, the op that it is attached to says so. */
const isTunable = ({ op, attrs }: Node): boolean =>
  ('baseAttrs' in attrs ? (attrs as FusedAttrs).base : op).tunable === true;

/** Ops of a user's own may not say. */
const workOf = ({ op, inputs, attrs, outputs }: Node): number =>
  op.flops?.(inputs, attrs) ?? sizeOf(outputs[0]?.shape ?? []);
