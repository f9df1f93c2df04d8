/** Regions that become part of a kernel: behind its output (epilogue) or in front of its input (prologue). */

import { sameShape, sizeOf } from '../../../core/shape.js';
import type { Node, Value } from '../../../ir/graph.js';
import { type Cluster, type Clusters, isRegion, regionShape } from './clusters.js';

/** Attaches each region to the last kernel whose output it reads element by element, as far as that is legal. */
export function attachEpilogues(clusters: Clusters): void {
  for (const region of clusters.all().filter(isRegion)) {
    const hosts = hostsOf(region, clusters);
    const host = hosts.find((candidate) => canFollow(region, candidate, clusters));
    if (host && !prefersPrologue(region, host, clusters)) clusters.merge(region, host);
  }
}

/** Kernels, last first, with an epilogue through which this region's main operand passes. */
function hostsOf(region: Cluster, clusters: Clusters): Cluster[] {
  const shape = regionShape(region.body);
  const hosts = new Map<Cluster, number>();
  for (const operand of clusters.operandsOf(region.body)) {
    const host = clusters.of(operand.node);
    if (!host.kernel || !sameShape(operand.shape, shape) || sizeOf(shape) === 0) continue;
    const passes = operand === epilogueOutput(host.kernel) || host.body.includes(operand.node);
    if (passes) hosts.set(host, clusters.position(operand.node));
  }
  return [...hosts].sort(([, a], [, b]) => b - a).map(([host]) => host);
}

const epilogueOutput = ({ op, outputs }: Node): Value | undefined =>
  op.fusion?.epilogue === undefined ? undefined : outputs[op.fusion.epilogue];

function canFollow(region: Cluster, host: Cluster, clusters: Clusters): boolean {
  const { kernel } = host;
  if (!kernel) return false;
  const body = [...host.body, ...region.body];
  // What the kernel writes elsewhere is not there yet when its epilogue runs.
  const main = epilogueOutput(kernel);
  if (clusters.operandsOf(body).some((operand) => operand.node === kernel && operand !== main)) return false;
  const bindings = bindingsWith(kernel, body, host.before, clusters);
  return (
    bindings <= clusters.capabilities.maxStorageBuffersPerShaderStage &&
    !clusters.connectedThroughOthers(host, region)
  );
}

/** Tensors that `kernel` binds with pointwise work behind and in front of it. */
function bindingsWith(
  kernel: Node,
  body: readonly Node[],
  before: readonly Node[],
  clusters: Clusters,
): number {
  const nodes = [...before, kernel, ...body];
  const main = body.length > 0 ? epilogueOutput(kernel) : undefined;
  const operands = clusters.operandsOf(body).filter((operand) => operand !== main);
  // The main result takes the place of the kernel's own output.
  const results =
    clusters.resultsOf(body, nodes).length +
    (main && clusters.resultsOf([kernel], nodes).includes(main) ? 1 : 0);
  const sides = body.length > 0 ? results - 1 : 0;
  const inputs = before.length > 0 ? clusters.operandsOf(before).length - 1 : 0;
  return clusters.ownBindings(kernel) + operands.length + sides + inputs;
}

/**
 * A region that only feeds a reduction costs nothing in front of it, while behind a kernel whose output is needed anyway its
 * result would be stored.
 */
function prefersPrologue(region: Cluster, host: Cluster, clusters: Clusters): boolean {
  if (!readerThroughPrologue(region, clusters)) return false;
  const within = [...clusters.nodesOf(host), ...region.body];
  return clusters
    .operandsOf(region.body)
    .some(
      (operand) =>
        clusters.of(operand.node) === host && clusters.resultsOf([operand.node], within).includes(operand),
    );
}

/** Attaches what is left: regions whose one reader can make its input itself. */
export function attachPrologues(clusters: Clusters): void {
  for (const region of clusters.all().filter(isRegion)) {
    const reader = readerThroughPrologue(region, clusters);
    if (!reader?.kernel || reader.before.length > 0) continue;
    const bindings = bindingsWith(reader.kernel, reader.body, region.body, clusters);
    if (bindings > clusters.capabilities.maxStorageBuffersPerShaderStage) continue;
    clusters.merge(region, reader, 'before');
  }
}

/** The kernel that alone reads the region, once, at its prologue input. */
function readerThroughPrologue(region: Cluster, clusters: Clusters): Cluster | null {
  const [result, ...others] = clusters.resultsOf(region.body);
  if (!result || others.length > 0 || clusters.roots.has(result)) return null;
  const [user, ...more] = clusters.users.get(result) ?? [];
  const slot = user?.op.fusion?.prologue;
  if (!user || more.length > 0 || slot === undefined || user.inputs[slot] !== result) return null;
  if (sizeOf(result.shape) === 0 || clusters.operandsOf(region.body).length === 0) return null;
  return clusters.of(user);
}
