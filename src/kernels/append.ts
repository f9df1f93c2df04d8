/** `shaders/append.wgsl`: one row of a ring, in place. */

import source from '../../shaders/append.wgsl?raw';
import { sizeOf } from '../core/shape.js';
import { assembleKernel } from './attachment.js';
import { counts, elementWorkgroups, wordAlias } from './elements.js';
import type { Launch } from './kernel.js';

/** Bindings: ring [rows, …row] (in place), value [row], counter []. The row's first extent may be a batch. */
export function append(op: string, rows: number, row: readonly number[]): Launch {
  const wide = row.length > 0 && sizeOf(row.slice(1)) % 4 === 0;
  const length = wide ? sizeOf(row) / 4 : sizeOf(row);
  return {
    kernel: assembleKernel({
      entryPoint: 'append',
      source,
      baked: [wide],
      declarations: [wordAlias(wide)],
      params: counts(['length', 'rows']),
      bindings: [
        { name: 'ring', access: 'inout', type: 'array<elem>' },
        { name: 'value', access: 'read', type: 'array<elem>' },
        { name: 'counter', access: 'read', type: 'array<u32>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, [length]),
    params: [length, rows],
  };
}
