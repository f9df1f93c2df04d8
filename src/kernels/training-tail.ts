/** `shaders/training-tail.wgsl` and `batch-sums.wgsl`: what ends a training step. Only the number of vectors is baked. */

import sumsSource from '../../shaders/batch-sums.wgsl?raw';
import source from '../../shaders/training-tail.wgsl?raw';
import { assembleKernel, type TypedBinding } from './attachment.js';
import { counts } from './elements.js';
import type { Launch } from './kernel.js';

/** Bindings of the tail beside its vectors: ring, totals, control. */
export const TAIL_BINDINGS = 3;

const ring: TypedBinding = { name: 'ring', access: 'inout', type: 'array<u32>' };
const totals: TypedBinding = { name: 'totals', access: 'inout', type: 'array<f32>' };
const control: TypedBinding = { name: 'control', access: 'inout', type: 'array<u32>' };

/**
 * Bindings: each of `columns` vectors [batch], or one vector of their sums where `summed`; ring [rows, columns], totals [columns],
 * control (cursor, halted, step, apply, fault).
 */
export function trainingTail(batch: number, columns: number, rows: number, summed: boolean): Launch {
  const vectors = summed ? [sumsBinding('read', 'array<f32>')] : vectorBindings(columns);
  const load = summed
    ? 'fn load(column: u32, b: u32) -> f32 {\n  return sums[column];\n}'
    : loadFunction(columns);
  return {
    kernel: assembleKernel({
      entryPoint: 'training_tail',
      source,
      baked: [columns, summed],
      declarations: [`const COLUMNS = ${columns}u;`, load],
      params: counts(['batch', 'length', 'rows']),
      bindings: [...vectors, ring, totals, control],
      attachments: [],
    }),
    workgroups: [1, 1, 1],
    params: [batch, summed ? 1 : batch, rows],
  };
}

/** Bindings: each of `columns` vectors [batch], sums [… base + columns …], of which it writes its own. */
export function batchSums(batch: number, columns: number, base: number): Launch {
  return {
    kernel: assembleKernel({
      entryPoint: 'batch_sums',
      source: sumsSource,
      baked: [columns],
      declarations: [`const COLUMNS = ${columns}u;`, loadFunction(columns)],
      params: counts(['length', 'base']),
      bindings: [...vectorBindings(columns), sumsBinding('write', 'array<u32>')],
      attachments: [],
    }),
    workgroups: [1, 1, 1],
    params: [batch, base],
  };
}

const sumsBinding = (access: 'read' | 'write', type: string): TypedBinding => ({
  name: 'sums',
  access,
  type,
});

const vectorBindings = (columns: number): TypedBinding[] =>
  Array.from({ length: columns }, (_, column) => ({
    name: `vector_${column}`,
    access: 'read',
    type: 'array<f32>',
  }));

function loadFunction(columns: number): string {
  const cases = Array.from({ length: columns - 1 }, (_, column) => {
    return `  if (column == ${column}u) {\n    return vector_${column}[b];\n  }`;
  });
  return ['fn load(column: u32, b: u32) -> f32 {', ...cases, `  return vector_${columns - 1}[b];`, '}'].join(
    '\n',
  );
}
