/** Clusters written down as nodes: pointwise programs, fused kernels. */

import type { Node, TensorType, Value } from '../../../ir/graph.js';
import { scalarConstant } from '../../../ir/leaves.js';
import type { FusedPointwise } from '../../../ir/op.js';
import type { PointwiseProgram, PointwiseRow, PointwiseStep } from '../../../ir/pointwise.js';
import { rebuilt } from '../../../ir/rewrite.js';
import { type FusedAttrs, fusedNode, pointwiseNode } from '../../../ops/fused.js';
import { type Cluster, type Clusters, regionShape } from './clusters.js';

/** Makes the node of `cluster` and records what its values have become. `now` gives what its inputs have become. */
export function buildCluster(
  cluster: Cluster,
  clusters: Clusters,
  now: (value: Value) => Value,
  record: (before: Value, after: Value | undefined) => void,
): void {
  const { kernel, body, before } = cluster;
  if (!kernel) {
    const results = clusters.resultsOf(body);
    const { program, operands } = programOf(body, results);
    const outputs = pointwiseNode(program, operands.map(now), regionShape(body), scopeOf(body));
    results.forEach((result, index) => {
      record(result, outputs[index]);
    });
  } else if (body.length === 0 && before.length === 0) {
    rebuilt(kernel, kernel.inputs.map(now)).forEach((after, index) => {
      record(kernel.outputs[index] as Value, after);
    });
  } else {
    buildFused(kernel, cluster, clusters, now, record);
  }
}

function buildFused(
  kernel: Node,
  { body, before }: Cluster,
  clusters: Clusters,
  now: (value: Value) => Value,
  record: (before: Value, after: Value | undefined) => void,
): void {
  const { op: base, attrs: baseAttrs, fusion = base.fusion } = { ...kernel, fusion: kernel.op.fusion };
  const inputs: Value[] = [...kernel.inputs];
  const baseInputs = inputs.length;
  const inputIndex = (value: Value): number => {
    const known = inputs.indexOf(value);
    if (known >= 0) return known;
    inputs.push(value);
    return inputs.length - 1;
  };

  let attrs: FusedAttrs = { base, baseAttrs, baseInputs };
  const slot = fusion?.prologue;
  if (before.length > 0 && slot !== undefined) {
    const virtual = kernel.inputs[slot] as Value;
    const { program, operands } = programOf(before, [virtual]);
    // The slot of the virtual input must hold a value: the first operand.
    inputs[slot] = operands[0] as Value;
    const prologue = fusedPointwise(program, operands, inputIndex, []);
    attrs = { ...attrs, prologue, virtual: { shape: virtual.shape, dtype: virtual.dtype } };
  }
  const replaced = fusion?.epilogue;
  const results: Value[] = [];
  if (body.length > 0 && replaced !== undefined) {
    const main = kernel.outputs[replaced] as Value;
    const nodes = clusters.nodesOf({ kernel, body, before });
    if (clusters.resultsOf([kernel], nodes).includes(main)) results.push(main);
    results.push(...clusters.resultsOf(body, nodes));
    const { program, operands } = programOf(body, results, main);
    const sides = results.slice(1).map((_, index) => kernel.outputs.length + index);
    const epilogue = fusedPointwise(program, operands.slice(1), inputIndex, sides);
    attrs = { ...attrs, epilogue };
  }

  const outputs = fusedNode(attrs, inputs.map(now), kernel.scope);
  kernel.outputs.forEach((output, index) => {
    if (results.length === 0 || index !== replaced) record(output, outputs[index]);
  });
  results.forEach((result, index) => {
    record(result, outputs[index === 0 ? (replaced as number) : kernel.outputs.length + index - 1]);
  });
}

function fusedPointwise(
  program: PointwiseProgram,
  operands: readonly Value[],
  inputIndex: (value: Value) => number,
  sides: readonly number[],
): FusedPointwise {
  const typed = operands.map((value) => ({ type: typeOf(value), input: inputIndex(value) }));
  return { program, operands: typed, sides };
}

const typeOf = ({ shape, dtype }: TensorType): TensorType => ({ shape, dtype });

/**
 * The nodes, in topological order, as a straight-line program. `main`, where given, is operand 0. Steps of one row over the
 * same references are written once: cheap nodes were copied without looking.
 */
function programOf(
  nodes: readonly Node[],
  results: readonly Value[],
  main?: Value,
): { readonly program: PointwiseProgram; readonly operands: readonly Value[] } {
  const inside = new Set(nodes);
  const outer = new Set(nodes.flatMap(({ inputs }) => inputs.filter(({ node }) => !inside.has(node))));
  const constants = [...outer].filter((value) => scalarConstant(value) !== null);
  const read = [...outer].filter((value) => scalarConstant(value) === null && value !== main);
  const operands = main ? [main, ...read] : read;

  const references = new Map<Value, number>();
  for (const value of [...operands, ...constants]) references.set(value, references.size);
  const first = references.size;
  const steps: PointwiseStep[] = [];
  const known = new Map<PointwiseRow, Map<string, number>>();
  for (const { op, inputs, outputs } of nodes) {
    const row = op.pointwise as PointwiseRow;
    const [output] = outputs;
    if (!output) continue;
    const args = inputs.map((input) => references.get(input) as number);
    const ofRow = known.get(row) ?? new Map<string, number>();
    known.set(row, ofRow);
    const key = args.join();
    const reference = ofRow.get(key) ?? first + steps.length;
    if (reference === first + steps.length) steps.push({ row, args, dtype: output.dtype });
    ofRow.set(key, reference);
    references.set(output, reference);
  }
  const program: PointwiseProgram = {
    operands: operands.map(({ dtype }) => dtype),
    constants: constants.map((value) => ({ value: scalarConstant(value) ?? 0, dtype: value.dtype })),
    steps,
    results: results.map((value) => references.get(value) as number),
  };
  return { program, operands };
}

/** The scope of the node whose result leaves last. */
const scopeOf = (nodes: readonly Node[]): string => nodes.at(-1)?.scope ?? '';
