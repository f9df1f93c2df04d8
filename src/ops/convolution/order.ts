/** How good each way to convolve is: smaller is better. Numbers from measurement, where it was possible. */

import {
  type ConvTile,
  type Extents,
  REGISTERS_GROUP,
  tileCount,
  tileKey,
} from '../../kernels/convolution-product.js';

/**
 * Nanoseconds of one step for four lanes (one subgroup) of SwiftShader, by tile. Measured in Chromium, processor time, 3×3 convolutions of
 * 3 to 64 channels. On lavapipe the steps of its eight lanes take two fifths of that, in the same order; 4x32, which needs eight, was
 * measured there (86 ns).
 */
const STEP_NANOSECONDS: Readonly<Record<string, number>> = {
  convolution_registers_4x32_shared: 215,
  convolution_registers_8x16_shared: 260,
  convolution_registers_8x16: 420,
  convolution_registers_8x8: 225,
  convolution_registers_8x4: 160,
};
/** The same of the direct kernels, by channels of an element: a window sum makes four elements at once, a filter sum one. */
const WINDOW_NANOSECONDS = { 1: 130, 4: 220 } as const;
const FILTER_NANOSECONDS = { 1: 80, 4: 110 } as const;
const WINDOW_ELEMENTS = 4;
/** What an element costs to store, and a tile to begin, in steps. */
const FIXED_STEPS = 4;
const SUBGROUP = 4;
const DIRECT_GROUP = 64;
/** Cores that a software adapter can count on. */
const CORES = 2;
/** What a second dispatch and each partial sum cost. */
const DISPATCH_NANOSECONDS = 80_000;
const PARTIAL_NANOSECONDS = 4;
/** Kernels with barriers never win on a processor: they come last. */
const BARRIERS = 1e15;

const elements = ({ rows, columns, groups }: Extents): number => rows * columns * groups;

function nanoseconds(units: number, group: number, extents: Extents, each: number): number {
  const cores = Math.min(CORES, Math.ceil(units / group));
  return (Math.ceil(units / SUBGROUP) / cores) * (extents.lines * extents.inner + FIXED_STEPS) * each;
}

/** The estimated time of `tile` on a software adapter, the addition of `parts` partial sums included. */
export function softwareProduct(extents: Extents, tile: ConvTile, parts = 1): number {
  const step = STEP_NANOSECONDS[tileKey(tile)] ?? BARRIERS;
  const product = nanoseconds(tileCount(extents, tile), REGISTERS_GROUP, extents, step);
  return product + (parts > 1 ? DISPATCH_NANOSECONDS + elements(extents) * parts * PARTIAL_NANOSECONDS : 0);
}

/** The same of the direct kernel of a window sum; `lanes` channels are one element. */
export function softwareWindow(extents: Extents, lanes: 1 | 4): number {
  const units = (elements(extents) * extents.copies) / lanes / WINDOW_ELEMENTS;
  return nanoseconds(units, DIRECT_GROUP, extents, WINDOW_NANOSECONDS[lanes]);
}

/** The same of the direct kernel of a filter sum. */
export function softwareFilter(extents: Extents, lanes: 1 | 4, parts: number): number {
  const units = (elements(extents) * extents.copies) / lanes;
  const sum = nanoseconds(units, DIRECT_GROUP, extents, FILTER_NANOSECONDS[lanes]);
  return sum + (parts > 1 ? DISPATCH_NANOSECONDS + elements(extents) * parts * PARTIAL_NANOSECONDS : 0);
}

/** Products below which starting anything larger than one invocation per element does not pay. */
const TINY = 4096;
/** Workgroups of a tile of 64 that fill a GPU. */
const FULL = 64;

/** The place of `tile` in the order for a GPU. */
export function gpuProduct(extents: Extents, tile: ConvTile): number {
  const [height, width] = tile.size;
  if (tile.kind === 'registers') return (tile.sharers ? 61 : 60) - width / 16;
  // A tile that its group does not fill by half wastes more than it shares.
  if (extents.columns <= width / 2 && width > 32) return 40;
  return tileCount(extents, tile) >= FULL || height === 32 ? 10 - height / 32 : 30;
}

/** The place of the direct kernels in the order for a GPU: first for depthwise and tiny convolutions. */
export function gpuDirect(extents: Extents): number {
  const { columns, inner, lines } = extents;
  const narrow = columns * inner <= 4 && extents.groups > 1;
  return narrow || elements(extents) * lines * inner <= TINY ? 0 : 90;
}
