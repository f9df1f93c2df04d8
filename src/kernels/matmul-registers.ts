/** `shaders/matmul-registers.wgsl`: a tile of C in the registers of each invocation, no workgroup memory. */

import source from '../../shaders/matmul-registers.wgsl?raw';
import type { Launch } from './kernel.js';
import { batchSize, launchMatmul, type MatmulUse, multiplyAdd, type Split, views } from './matmul.js';
import { laneLoads } from './matmul-operands.js';

const LANES = 16;

/** Rows and columns of one invocation's tile. */
export const REGISTER_TILES = [
  [8, 8],
  [8, 4],
  [4, 4],
] as const;
export type RegisterTile = (typeof REGISTER_TILES)[number];

/** Bindings: a, b, c (with `split.parts` copies), the column sum if asked for, then the epilogue's. */
export function matmulRegisters(use: MatmulUse, [height, width]: RegisterTile, split: Split): Launch {
  const rowTiles = Math.ceil(use.rows / height);
  const columnTiles = Math.ceil(use.columns / width);
  const tiles = rowTiles * columnTiles * batchSize(use) * split.parts;
  const [a, b] = views(use, true);
  return launchMatmul(use, {
    entryPoint: `matmul_registers_${height}x${width}`,
    source,
    views: [a, b],
    constants: {},
    declarations: [laneLoads(a), laneLoads(b), multiplyAdd(use.elem, 'elem4')],
    params: {
      row_tiles: rowTiles,
      column_tiles: columnTiles,
      tiles,
      parts: split.parts,
      chunk: split.chunk,
    },
    workgroups: Math.ceil(tiles / LANES),
  });
}
