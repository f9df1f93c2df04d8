/** How good each way to multiply is for a given product: smaller is better. Numbers from measurement, where it was possible. */

import type { Launch } from '../kernels/kernel.js';
import { batchSize, type MatmulUse, type Split } from '../kernels/matmul.js';

/** One way to compute a product. */
export interface MatmulPlan {
  readonly key: string;
  /** Rows and columns that one invocation (`registers`, `single`) or workgroup (`tiled`, `vector`) makes. */
  readonly kind: 'registers' | 'tiled' | 'single' | 'vector';
  readonly tile: readonly [number, number];
  readonly split: Split;
  launch(use: MatmulUse): Launch;
}

/**
 * Nanoseconds of one step of K for four lanes (one subgroup of a software adapter), by tile. Measured in Chromium on
 * SwiftShader, 2 cores, 512³.
 */
const STEP_NANOSECONDS: Readonly<Record<string, number>> = {
  '8x16': 339,
  '8x8': 201,
  '4x16': 218,
  '8x4': 140,
  '4x4': 92,
  '1x1': 30,
};
const SUBGROUP = 4;
/** Cores that a software adapter can count on. */
const CORES = 2;
const GROUP_LANES: Readonly<Record<'registers' | 'single', number>> = { registers: 16, single: 64 };
/** What a second dispatch and each partial sum cost. */
const DISPATCH_NANOSECONDS = 80_000;
const PARTIAL_NANOSECONDS = 4;
/** Kernels with barriers never win on a processor, and take a second to compile there: they come last. */
const BARRIERS = 1e15;

/** The estimated time of `plan` on a software adapter. */
export function softwareNanoseconds(use: MatmulUse, plan: MatmulPlan): number {
  const { kind, tile, split } = plan;
  if (kind === 'tiled' || kind === 'vector') return BARRIERS;
  const [height, width] = tile;
  const tiles = Math.ceil(use.rows / height) * Math.ceil(use.columns / width) * batchSize(use) * split.parts;
  const cores = Math.min(CORES, Math.ceil(tiles / GROUP_LANES[kind]));
  const steps = (Math.ceil(tiles / SUBGROUP) / cores) * split.chunk;
  const product = steps * (STEP_NANOSECONDS[`${height}x${width}`] ?? BARRIERS);
  if (split.parts === 1) return product;
  return product + DISPATCH_NANOSECONDS + use.rows * use.columns * split.parts * PARTIAL_NANOSECONDS;
}

/** Multiplications below which starting anything larger than one invocation per element does not pay. */
const TINY = 4096;
/** Workgroups that fill a GPU, by tile: large tiles need fewer, for they do more each. */
const FULL: Readonly<Record<number, number>> = { 128: 96, 64: 64, 32: 16 };
const LONG = 1024;

/** The place of `plan` in the order for a GPU. */
export function gpuRank(use: MatmulUse, plan: MatmulPlan): number {
  const { rows, columns, inner } = use;
  const { kind, tile, split } = plan;
  const [edge] = tile;
  const groups = Math.ceil(rows / edge) * Math.ceil(columns / edge) * batchSize(use);
  const tiny = rows * columns * inner * batchSize(use) <= TINY;
  switch (kind) {
    case 'single':
      return tiny ? 0 : 90;
    case 'vector':
      return 1;
    case 'tiled': {
      if (split.parts > 1)
        return edge === 32 && inner >= LONG && groups < (FULL[32] ?? 0) ? 2 : 50 - edge / 32;
      const full = groups >= (FULL[edge] ?? 0);
      return full || edge === 32 ? 10 - edge / 32 : 30 - edge / 32;
    }
    case 'registers':
      return (split.parts > 1 ? 80 : 60) - (edge * (tile[1] ?? 1)) / 16;
  }
}
