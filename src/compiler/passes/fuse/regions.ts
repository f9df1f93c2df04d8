/** Regions: pointwise nodes that become one loop. */

import { sameShape } from '../../../core/shape.js';
import type { Node, Value } from '../../../ir/graph.js';
import { type Cluster, type Clusters, fitsShape, isRegion, regionShape } from './clusters.js';

/**
 * Every pointwise node joins the region of its users, where that is one region only: its value is then never stored. Such a
 * region has one result, and no path can leave it and come back.
 */
export function sinkIntoUsers(clusters: Clusters): void {
  const limit = clusters.capabilities.maxStorageBuffersPerShaderStage;
  for (const node of [...clusters.order].reverse()) {
    const [output] = node.outputs;
    if (!node.op.pointwise || !output || clusters.roots.has(output)) continue;
    const targets = new Set((clusters.users.get(output) ?? []).map((user) => clusters.of(user)));
    const [target] = targets;
    if (targets.size !== 1 || !target || !isRegion(target)) continue;
    if (!fitsShape(node, regionShape(target.body))) continue;
    if (clusters.operandsOf([node, ...target.body]).length + 1 > limit) continue;
    clusters.merge(clusters.of(node), target);
  }
}

/** Regions of one shape that read the same tensor, or each other, become one region with several results. */
export function joinNeighbours(clusters: Clusters): void {
  const limit = clusters.capabilities.maxStorageBuffersPerShaderStage;
  for (const cluster of clusters.all()) {
    if (!isRegion(cluster)) continue;
    for (let joined = true; joined; ) {
      const partner = neighboursOf(cluster, clusters).find((other) =>
        canJoin(cluster, other, clusters, limit),
      );
      joined = partner !== undefined;
      if (partner) clusters.merge(partner, cluster);
    }
  }
}

function canJoin(a: Cluster, b: Cluster, clusters: Clusters, limit: number): boolean {
  const shape = regionShape(a.body);
  if (!sameShape(shape, regionShape(b.body))) return false;
  const nodes = [...a.body, ...b.body];
  const results = clusters.resultsOf(nodes);
  return (
    clusters.operandsOf(nodes).length + results.length <= limit && !clusters.connectedThroughOthers(a, b)
  );
}

/** Other regions that read what this one reads or makes. */
function neighboursOf(cluster: Cluster, clusters: Clusters): Cluster[] {
  const values: Value[] = [...clusters.operandsOf(cluster.body), ...clusters.resultsOf(cluster.body)];
  const around: Node[] = values.flatMap((value) => [value.node, ...(clusters.users.get(value) ?? [])]);
  const neighbours = new Set(around.map((node) => clusters.of(node)));
  neighbours.delete(cluster);
  return [...neighbours].filter(isRegion);
}
