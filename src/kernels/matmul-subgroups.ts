/** `shaders/matmul-subgroups.wgsl`: a tile of C in the registers of each subgroup, whose invocations share the rows of A. */

import source from '../../shaders/matmul-subgroups.wgsl?raw';
import type { Launch } from './kernel.js';
import { batchSize, launchMatmul, type MatmulUse, multiplyAdd, type Split, views } from './matmul.js';
import { laneLoads, type Sharers, sharedLoads } from './matmul-operands.js';

/** Rows of a subgroup's tile, and columns of it for each invocation. */
export const SUBGROUP_TILES = [
  [16, 8],
  [16, 4],
  [8, 4],
] as const;
export type SubgroupTile = (typeof SUBGROUP_TILES)[number];

/** How many invocations share where subgroups have at least `subgroupSize`: a workgroup that is one subgroup, or part of one. */
export function sharersOf(subgroupSize: number): Sharers | undefined {
  if (subgroupSize >= 8) return 8;
  return subgroupSize >= 4 ? 4 : undefined;
}

/**
 * What tells the invocations of a workgroup apart. All of them take the same way, for it depends on their workgroup and on parameters;
 * WGSL does not see that through a struct.
 */
const SUBGROUPS = `enable subgroups;
diagnostic(off, subgroup_uniformity);
struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
}`;

/** Bindings: a, b, c (with `split.parts` copies), the column sum if asked for, then the epilogue's. */
export function matmulSubgroups(
  use: MatmulUse,
  [height, width]: SubgroupTile,
  split: Split,
  sharers: Sharers,
): Launch {
  const rowTiles = Math.ceil(use.rows / height);
  const columnTiles = Math.ceil(use.columns / (width * sharers));
  const tiles = rowTiles * columnTiles * batchSize(use) * split.parts;
  const [laneA, b] = views(use, true);
  const a = { ...laneA, vec4: false };
  return launchMatmul(use, {
    entryPoint: `matmul_subgroups_${height}x${width}`,
    source,
    views: [a, b],
    constants: { LANES: sharers },
    declarations: [SUBGROUPS, sharedLoads(a, sharers), laneLoads(b), multiplyAdd(use.elem, 'elem4')],
    params: {
      row_tiles: rowTiles,
      column_tiles: columnTiles,
      tiles,
      parts: split.parts,
      chunk: split.chunk,
    },
    workgroups: tiles,
  });
}
