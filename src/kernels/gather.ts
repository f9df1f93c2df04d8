/** `shaders/gather*.wgsl`, `rank-indices.wgsl` and `one-hot.wgsl`: rows by index, and back. Every extent is a parameter. */

import gatherSource from '../../shaders/gather.wgsl?raw';
import scanSource from '../../shaders/gather-gradient.wgsl?raw';
import sortedSource from '../../shaders/gather-gradient-sorted.wgsl?raw';
import oneHotSource from '../../shaders/one-hot.wgsl?raw';
import rankSource from '../../shaders/rank-indices.wgsl?raw';
import { assembleKernel } from './attachment.js';
import { counts, elementWorkgroups, wordAlias } from './elements.js';
import type { Launch } from './kernel.js';

/** A table [outer, rows, inner] and `count` indices into its rows. */
export interface GatherExtents {
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
  readonly count: number;
}

const EXTENTS = counts(['size', 'inner', 'count', 'rows']);
const floatAlias = (wide: boolean): string => `alias elem = ${wide ? 'vec4<f32>' : 'f32'};`;

/** Extents in elements of the shader, and whether those are quads. */
function inUnits({ outer, rows, inner, count }: GatherExtents) {
  const wide = inner % 4 === 0;
  const units = wide ? inner / 4 : inner;
  const paramsFor = (slices: number): number[] => [outer * slices * units, units, count, rows];
  return { wide, units, paramsFor };
}

/** Bindings: source [outer, rows, inner], indices [count], result [outer, count, inner]. */
export function gather(op: string, extents: GatherExtents): Launch {
  const { wide, units, paramsFor } = inUnits(extents);
  return {
    kernel: assembleKernel({
      entryPoint: 'gather',
      source: gatherSource,
      baked: [wide],
      declarations: [wordAlias(wide)],
      params: EXTENTS,
      bindings: [
        { name: 'source', access: 'read', type: 'array<elem>' },
        { name: 'indices', access: 'read', type: 'array<i32>' },
        { name: 'result', access: 'write', type: 'array<elem>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, [extents.outer, extents.count, units]),
    params: paramsFor(extents.count),
  };
}

/** Bindings: dy [outer, count, inner], indices [count], result [outer, rows, inner]. */
export function gatherGradientScan(op: string, extents: GatherExtents): Launch {
  const { wide, units, paramsFor } = inUnits(extents);
  return {
    kernel: assembleKernel({
      entryPoint: 'gather_gradient_scan',
      source: scanSource,
      baked: [wide],
      declarations: [floatAlias(wide)],
      params: EXTENTS,
      bindings: [
        { name: 'dy', access: 'read', type: 'array<elem>' },
        { name: 'indices', access: 'read', type: 'array<i32>' },
        { name: 'result', access: 'write', type: 'array<elem>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, [extents.outer, extents.rows, units]),
    params: paramsFor(extents.rows),
  };
}

/** Bindings: dy [outer, count, inner], sorted [count], positions [count], result [outer, rows, inner]. */
export function gatherGradientSorted(op: string, extents: GatherExtents): Launch {
  const { wide, units, paramsFor } = inUnits(extents);
  return {
    kernel: assembleKernel({
      entryPoint: 'gather_gradient_sorted',
      source: sortedSource,
      baked: [wide],
      declarations: [floatAlias(wide)],
      params: EXTENTS,
      bindings: [
        { name: 'dy', access: 'read', type: 'array<elem>' },
        { name: 'sorted', access: 'read', type: 'array<u32>' },
        { name: 'positions', access: 'read', type: 'array<u32>' },
        { name: 'result', access: 'write', type: 'array<elem>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, [extents.outer, extents.rows, units]),
    params: paramsFor(extents.rows),
  };
}

/** Bindings: indices [count], sorted [count], positions [count]. */
export function rankIndices(op: string, count: number, rows: number): Launch {
  return {
    kernel: assembleKernel({
      entryPoint: 'rank_indices',
      source: rankSource,
      baked: [],
      declarations: [],
      params: counts(['count', 'rows']),
      bindings: [
        { name: 'indices', access: 'read', type: 'array<i32>' },
        { name: 'sorted', access: 'write', type: 'array<u32>' },
        { name: 'positions', access: 'write', type: 'array<u32>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, [count]),
    params: [count, rows],
  };
}

/** Bindings: indices [count], result [count, depth]. */
export function oneHot(op: string, count: number, depth: number, on: number, off: number): Launch {
  return {
    kernel: assembleKernel({
      entryPoint: 'one_hot',
      source: oneHotSource,
      baked: [],
      declarations: [],
      params: [
        ...counts(['size', 'depth']),
        { name: 'on_value', type: 'f32' },
        { name: 'off_value', type: 'f32' },
      ],
      bindings: [
        { name: 'indices', access: 'read', type: 'array<i32>' },
        { name: 'result', access: 'write', type: 'array<f32>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, [count, depth]),
    params: [count * depth, depth, on, off],
  };
}
