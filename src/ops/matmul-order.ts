/** How good each way to multiply is for a given product: smaller is better. Numbers from measurement, where it was possible. */

import type { Launch } from '../kernels/kernel.js';
import { batchSize, type MatmulUse, type Split } from '../kernels/matmul.js';

/** One way to compute a product. */
export interface MatmulPlan {
  readonly key: string;
  readonly kind: 'registers' | 'subgroups' | 'tiled' | 'single' | 'vector';
  /** Rows and columns that one invocation (`registers`, `subgroups`, `single`) or workgroup (`tiled`, `vector`) makes. */
  readonly tile: readonly [number, number];
  /** Invocations side by side that make a tile together: those of a subgroup in `subgroups`, else 1. */
  readonly sharers: number;
  readonly split: Split;
  launch(use: MatmulUse): Launch;
}

/** Nanoseconds that a software adapter takes for all lanes of one of its vectors. */
interface Speed {
  /** A step of K, by kind and tile. */
  readonly steps: Readonly<Record<string, number>>;
  /** Storing one element of C. */
  readonly element: number;
}

/** By lanes of a vector, which is a subgroup. Measured on two cores: SwiftShader in Chromium has 4, lavapipe under Dawn 8. */
const SPEED: Readonly<Record<4 | 8, Speed>> = {
  4: {
    steps: {
      'subgroups 16x8': 255,
      'subgroups 16x4': 165,
      'subgroups 8x4': 115,
      'registers 8x8': 190,
      'registers 8x4': 125,
      'registers 4x4': 93,
      'single 1x1': 30,
    },
    element: 50,
  },
  8: {
    steps: {
      'subgroups 16x8': 60,
      'subgroups 16x4': 36,
      'subgroups 8x4': 24,
      'registers 8x8': 63,
      'registers 8x4': 44,
      'registers 4x4': 27,
      'single 1x1': 8,
    },
    element: 15,
  },
};
/** Cores that a software adapter can count on. */
const CORES = 2;
const GROUP_LANES = { registers: 16, subgroups: 1, single: 64 } as const;
/** What a second dispatch and each partial sum cost. */
const DISPATCH_NANOSECONDS = 80_000;
const PARTIAL_NANOSECONDS = 4;
/** Kernels with barriers never win on a processor, and take a second to compile there: they come last. */
const BARRIERS = 1e15;

/** The estimated time of `plan` on a software adapter with subgroups of `subgroupSize`. */
export function softwareNanoseconds(use: MatmulUse, plan: MatmulPlan, subgroupSize: number): number {
  const { kind, tile, sharers, split } = plan;
  if (kind === 'tiled' || kind === 'vector') return BARRIERS;
  const [height, width] = tile;
  const lanes = subgroupSize >= 8 ? 8 : 4;
  const { steps, element } = SPEED[lanes];
  const copies = batchSize(use) * split.parts;
  const rowTiles = Math.ceil(use.rows / height);
  const columnTiles = Math.ceil(use.columns / (width * sharers));
  const tiles = rowTiles * columnTiles * copies;
  const sums =
    Math.ceil((tiles * sharers) / lanes) * split.chunk * (steps[`${kind} ${height}x${width}`] ?? BARRIERS);
  // Rows past the edge are not stored, nor looked at; columns are.
  const stores = ((use.rows * columnTiles * width * sharers) / lanes) * copies * element;
  const product = (sums + stores) / Math.min(CORES, Math.ceil(tiles / GROUP_LANES[kind]));
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
    case 'subgroups':
      return (split.parts > 1 ? 80 : 60) - (edge * (tile[1] ?? 1)) / 16;
  }
}
