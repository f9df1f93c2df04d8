/**
 * Fuse: fewer, larger nodes with the same meaning.
 *
 * Pointwise nodes gather in regions, each one loop and one kernel. A region that reads a heavy kernel's output element by element
 * becomes its epilogue; one that only feeds a reduction becomes its prologue. What is needed elsewhere is written as a side
 * output. A cluster never depends on itself through others, and never binds more tensors than the device allows.
 */

import type { Graph, Value } from '../../ir/graph.js';
import type { Capabilities } from '../../kernels/kernel.js';
import { withValues } from '../rewrite.js';
import { attachEpilogues, attachPrologues } from './fuse/attach.js';
import { buildCluster } from './fuse/build.js';
import { type Cluster, Clusters } from './fuse/clusters.js';
import { joinNeighbours, sinkIntoUsers } from './fuse/regions.js';

export function fuse(graph: Graph, capabilities: Capabilities): Graph {
  const clusters = new Clusters(graph, capabilities);
  sinkIntoUsers(clusters);
  attachEpilogues(clusters);
  attachPrologues(clusters);
  joinNeighbours(clusters);

  const values = new Map<Value, Value>();
  const now = (value: Value): Value => values.get(value) ?? value;
  for (const cluster of inOrder(clusters)) {
    buildCluster(cluster, clusters, now, (before, after) => {
      if (after) values.set(before, after);
    });
  }
  return withValues(graph, now);
}

/** Clusters, those that another reads from before it. */
function inOrder(clusters: Clusters): Cluster[] {
  const order: Cluster[] = [];
  const state = new Map<Cluster, 'open' | 'done'>();
  const stack: { cluster: Cluster; needed: Cluster[] }[] = [];
  const push = (cluster: Cluster): void => {
    if (state.get(cluster) === 'done') return;
    if (state.has(cluster)) throw new Error('compiler: fused nodes depend on each other');
    state.set(cluster, 'open');
    const inputs = clusters.nodesOf(cluster).flatMap((node) => node.inputs);
    const needed = new Set(inputs.map((input) => clusters.of(input.node)));
    needed.delete(cluster);
    stack.push({ cluster, needed: [...needed].reverse() });
  };
  for (const cluster of clusters.all()) {
    push(cluster);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.needed.pop();
      if (next) push(next);
      else {
        state.set(top.cluster, 'done');
        order.push(top.cluster);
        stack.pop();
      }
    }
  }
  return order;
}
