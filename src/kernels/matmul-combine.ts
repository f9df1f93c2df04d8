/** `shaders/matmul-combine.wgsl`: the second pass of split-K. */

import source from '../../shaders/matmul-combine.wgsl?raw';
import { assembleKernel, paramValues, type TypedBinding } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { identityEpilogue, type MatmulUse } from './matmul.js';

/** What the second pass needs to know of a product: C [rows, columns]. */
export type CombineUse = Pick<MatmulUse, 'rows' | 'columns' | 'elem' | 'result' | 'columnSum' | 'epilogue'>;

const LANES = 64;

/**
 * Adds `parts` copies of C. Bindings: partial, c; with a column sum then its copies and the sum; then the epilogue's.
 */
export function matmulCombine(use: CombineUse, parts: number): Launch {
  const { elem, result, columnSum, epilogue, columns } = use;
  const size = use.rows * columns;
  const bindings: TypedBinding[] = [
    { name: 'partial', access: 'read', type: `array<${elem}>` },
    { name: 'c', access: 'write', type: `array<${result}>` },
  ];
  if (columnSum) {
    bindings.push({ name: 'partial_sums', access: 'read', type: `array<${elem}>` });
    bindings.push({ name: 'column_sum', access: 'write', type: `array<${elem}>` });
  }
  const kernel = assembleKernel({
    entryPoint: 'matmul_combine',
    source,
    baked: [elem, result, columnSum],
    declarations: [
      `alias elem = ${elem};`,
      columnSum ? STORE_SUM : 'fn store_sum(column: u32) {}',
      ...(epilogue ? [] : [identityEpilogue(elem)]),
    ],
    params: [
      { name: 'size', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'parts', type: 'u32' },
    ],
    bindings,
    attachments: [epilogue],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(Math.ceil((size + (columnSum ? columns : 0)) / LANES)),
    params: paramValues([size, columns, parts], [epilogue]),
  };
}

const STORE_SUM = `fn store_sum(column: u32) {
  if (column >= params.columns) {
    return;
  }
  var sum = elem();
  for (var part = 0u; part < params.parts; part++) {
    sum += partial_sums[part * params.columns + column];
  }
  column_sum[column] = sum;
}`;
