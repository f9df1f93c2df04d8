/** Graphs and plans as text, for people: `print()` of a program, snapshots, bug reports. */

import { showShape } from '../core/shape.js';
import { printTable } from '../core/table.js';
import { type Graph, rootsOf, type TensorType, topologicalOrder, type Value } from './graph.js';
import { constantOp, type InputAttrs, inputOp, type VariableAttrs, variableOp } from './leaves.js';
import type { BufferRef, PlacedTensor, Plan, PlanStep } from './plan.js';

/** One line per node: `%3 = dense/matmul(x, w) : float32[32,128]`. Nodes are numbered in topological order. */
export function printGraph(graph: Graph): string {
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => names.get(value) ?? '?';
  const lines: string[] = [];
  let next = 0;
  for (const node of topologicalOrder(rootsOf(graph))) {
    const leaf = leafName(node.outputs[0]);
    if (leaf !== null) {
      for (const output of node.outputs) names.set(output, leaf);
      continue;
    }
    for (const output of node.outputs) names.set(output, `%${next++}`);
    const label = node.scope ? `${node.scope}/${node.op.name}` : node.op.name;
    const results = node.outputs.map(nameOf).join(', ');
    const types = node.outputs.map(showType).join(', ');
    lines.push(`${results} = ${label}(${node.inputs.map(nameOf).join(', ')}) : ${types}`);
  }
  for (const { name, value } of graph.outputs) lines.push(`output ${name} = ${nameOf(value)}`);
  for (const { variable, value } of graph.updates) lines.push(`${variable.name} <- ${nameOf(value)}`);
  return lines.join('\n');
}

/** A table with a row per step, and a line of totals. */
export function printPlan(plan: Plan): string {
  const header = ['step', 'label', 'variant', 'dispatches', 'inputs', 'outputs', 'bytes'];
  const rows = plan.steps.map((step, index) => [String(index), ...rowOf(step)]);
  const dispatches = plan.steps.reduce((sum, step) => sum + step.dispatches.length, 0);
  const ratio = plan.lowerBoundBytes > 0 ? ` (${(plan.peakBytes / plan.lowerBoundBytes).toFixed(2)} ×)` : '';
  return [
    plan.name,
    printTable(header, rows),
    `${dispatches} dispatches, ${plan.arenas.length} arenas [${plan.arenas.join(', ')}], ` +
      `peak ${plan.peakBytes} bytes, lower bound ${plan.lowerBoundBytes} bytes${ratio}`,
  ].join('\n');
}

function rowOf(step: PlanStep): string[] {
  const outputs = step.outputs.filter((output) => output !== null);
  const bytes = outputs.reduce((sum, { location }) => sum + location.bytes, 0);
  return [
    step.label,
    step.variant,
    String(step.dispatches.length),
    step.inputs.map(showPlaced).join(' '),
    outputs.map(showPlaced).join(' '),
    String(bytes),
  ];
}

const DTYPE_LETTER = { float32: 'f', int32: 'i', uint32: 'u', bool: 'b', uint8: 'u8' } as const;

const showType = ({ dtype, shape }: TensorType): string => `${dtype}${showShape(shape)}`;

const showPlaced = ({ type, location }: PlacedTensor): string =>
  `${DTYPE_LETTER[type.dtype]}${showShape(type.shape)}@${bufferName(location.buffer)}+${location.offset}`;

function bufferName(buffer: BufferRef): string {
  if (buffer.kind === 'arena') return `a${buffer.index}`;
  return buffer.kind === 'variables' ? buffer.arena.label : buffer.kind;
}

function leafName(value: Value | undefined): string | null {
  if (!value) return null;
  switch (value.node.op.name) {
    case inputOp.name:
      return (value.node.attrs as InputAttrs).name;
    case variableOp.name:
      return (value.node.attrs as VariableAttrs).variable.name;
    case constantOp.name:
      return constantName(value);
    default:
      return null;
  }
}

function constantName(value: Value): string {
  const { data } = value.node.attrs as { readonly data: ArrayLike<number> };
  return value.shape.length === 0 ? String(data[0]) : `constant${showShape(value.shape)}`;
}
