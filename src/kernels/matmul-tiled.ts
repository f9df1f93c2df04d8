/** `shaders/matmul-tiled.wgsl`: square tiles of C through workgroup memory. */

import source from '../../shaders/matmul-tiled.wgsl?raw';
import type { Launch } from './kernel.js';
import { batchSize, launchMatmul, type MatmulUse, multiplyAdd, type Split, views } from './matmul.js';
import { blockLoad } from './matmul-operands.js';

export const TILES = [32, 64, 128] as const;
export type Tile = (typeof TILES)[number];

/** Invocations per workgroup, and bytes of workgroup memory: two operands, 16 steps of K. */
export const tileThreads = (tile: Tile): number => tile * 2;
export const tileBytes = (tile: Tile): number => 2 * 16 * tile * 4;

/** How many workgroups `tile` gives. */
export const tileCount = (use: MatmulUse, tile: Tile): number =>
  Math.ceil(use.rows / tile) * Math.ceil(use.columns / tile) * batchSize(use);

/** Bindings: a, b, c (with `split.parts` copies), the column sum if asked for, then the epilogue's. */
export function matmulTiled(use: MatmulUse, tile: Tile, split: Split): Launch {
  const [a, b] = views(use, false);
  const storeVec4 = use.columns % 4 === 0;
  const tiles = tileCount(use, tile) * split.parts;
  return launchMatmul(use, {
    entryPoint: `matmul_tiled_${tile}`,
    source,
    views: [a, b],
    storeVec4,
    constants: { TILE: tile, A_K_FASTEST: !a.lanesContiguous, B_K_FASTEST: !b.lanesContiguous },
    declarations: [
      blockLoad(a),
      blockLoad(b),
      multiplyAdd(use.elem, 'elem4'),
      storeRow(storeVec4, use.result),
    ],
    params: {
      row_tiles: Math.ceil(use.rows / tile),
      column_tiles: Math.ceil(use.columns / tile),
      tiles,
      parts: split.parts,
      chunk: split.chunk,
    },
    workgroups: tiles,
  });
}

function storeRow(vec4: boolean, result: string): string {
  const head = 'fn store_row(row: u32, column: u32, value: elem4) {';
  const lanes = ['x', 'y', 'z', 'w'];
  if (vec4) {
    const values = lanes.map((lane, i) => `epilogue(value.${lane}, row, column + ${i}u)`).join(', ');
    return `${head}\n  c[(row * params.columns + column) / 4u] = vec4<${result}>(${values});\n}`;
  }
  const lines = lanes.map((lane, i) => {
    const store = `c[row * params.columns + column + ${i}u] = epilogue(value.${lane}, row, column + ${i}u);`;
    return `  if (column + ${i}u < params.columns) { ${store} }`;
  });
  return [head, ...lines, '}'].join('\n');
}
