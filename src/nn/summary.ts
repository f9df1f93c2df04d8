/** A model as a table. */

import { rejectUnknownOptions, type Variable } from '../engine/index.js';
import type { LayerGraph } from './graph.js';
import { showFree } from './shapes.js';
import type { SymbolicTensor } from './symbolic.js';

export interface SummaryOptions {
  /** Called with each line: `console.log`. Default: none. */
  readonly printFn?: (line: string) => void;
}

const HEADINGS = ['Layer', 'Type', 'Output shape', 'Parameters'] as const;

/** One row for each use of a layer; a layer that is shared has its parameters counted once. Says what feeds what where that is no chain. */
export function summaryOf(
  name: string,
  graph: LayerGraph,
  inputNames: readonly string[],
  options: SummaryOptions,
): string {
  rejectUnknownOptions('summary', options, ['printFn']);
  const chain = isChain(graph);
  const nameOf = (tensor: SymbolicTensor): string => {
    const { call } = tensor;
    if (!call) return inputNames[graph.inputs.indexOf(tensor)] ?? '';
    return call.outputs.length > 1 ? `${call.layer.name}[${call.outputs.indexOf(tensor)}]` : call.layer.name;
  };
  const counted = new Set<object>();
  const rows = [
    ...graph.inputs.map((tensor) => [nameOf(tensor), 'input', showFree(tensor.shape), grouped(0), '']),
    ...graph.calls.map(({ layer, inputs, outputs }) => {
      const parameters = counted.has(layer) ? 'shared' : grouped(sizeOf(layer.weights));
      counted.add(layer);
      const shapes = outputs.map(({ shape }) => showFree(shape)).join(', ');
      return [layer.name, layer.type, shapes, parameters, inputs.map(nameOf).join(', ')];
    }),
  ];
  const weights = [...new Set(graph.layers.flatMap((layer) => layer.weights))];
  const trainable = sizeOf([...new Set(graph.layers.flatMap((layer) => layer.trainableWeights))]);
  const lines = [
    `Model '${name}'`,
    ...table(
      chain ? [...HEADINGS] : [...HEADINGS, 'Inputs'],
      chain ? rows.map((row) => row.slice(0, -1)) : rows,
    ),
    `Parameters: ${grouped(sizeOf(weights))} (${grouped(trainable)} trainable, ${grouped(sizeOf(weights) - trainable)} not)`,
  ];
  for (const line of options.printFn ? lines : []) options.printFn?.(line);
  return lines.join('\n');
}

/** Whether each layer is fed by the one in the row above. */
const isChain = ({ inputs, calls }: LayerGraph): boolean =>
  inputs.length === 1 &&
  calls.every(
    (call, index) =>
      call.inputs.length === 1 &&
      call.outputs.length === 1 &&
      call.inputs[0] === (index === 0 ? inputs[0] : calls[index - 1]?.outputs[0]),
  );

const sizeOf = (weights: readonly Variable[]): number =>
  weights.reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);

/** 101,770 */
const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** Columns as wide as their widest cell; numbers to the right. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return headings[column] === 'Parameters' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const rule = '─'.repeat(Math.max(...lines.map((line) => line.length)));
  return [lines[0] ?? '', rule, ...lines.slice(1), rule];
}
