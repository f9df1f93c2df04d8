/** `shaders/transpose.wgsl`: swaps the last two axes through a tile in workgroup memory. */

import source from '../../shaders/transpose.wgsl?raw';
import { assembleKernel } from './attachment.js';
import { counts } from './elements.js';
import type { Capabilities, Launch } from './kernel.js';

const TILE = 32;
const INVOCATIONS = 256;
const TILE_BYTES = TILE * (TILE + 1) * 4;

/**
 * Bindings: source [batch, rows, cols], result [batch, cols, rows]. `null` where the adapter's limits do not allow it; there
 * `stridedCopy` does the same.
 */
export function transposeTiled(
  batch: number,
  rows: number,
  cols: number,
  limits: Capabilities,
): Launch | null {
  const workgroups = [Math.ceil(cols / TILE), Math.ceil(rows / TILE), batch] as const;
  const fits =
    limits.maxComputeInvocationsPerWorkgroup >= INVOCATIONS &&
    limits.maxComputeWorkgroupStorageSize >= TILE_BYTES &&
    workgroups.every((count) => count <= limits.maxComputeWorkgroupsPerDimension);
  if (!fits) return null;
  const kernel = assembleKernel({
    entryPoint: 'transpose_tiled',
    source,
    baked: [],
    declarations: [],
    params: counts(['rows', 'cols']),
    bindings: [
      { name: 'source', access: 'read', type: 'array<u32>' },
      { name: 'result', access: 'write', type: 'array<u32>' },
    ],
    attachments: [],
  });
  return { kernel, workgroups, params: [rows, cols] };
}
