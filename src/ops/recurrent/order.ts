/** How good each way to run a recurrent layer is: smaller is better. Numbers from measurement, where it was possible. */

import type { RecurrentExtents, RecurrentTile } from '../../kernels/recurrent.js';

/**
 * Nanoseconds of one k of one elem and gate for four lanes (one subgroup of a software adapter): of `rows` by the rows of an invocation, of
 * `single` by the width of an elem. Measured in Chromium on SwiftShader, 2 cores, LSTM forward with B = 32, H = 128, interleaved with a
 * register-tiled product of the same FLOPs, to whose quiet speed the numbers are scaled: 8x8 takes 1.3 times as long as it (backward 1.1),
 * 16x8 1.4, 4x4 1.7, single_w4 3.1, single_w1 5.7, 8x8 with one dispatch a step 1.8.
 */
const ROWS_NANOSECONDS: Readonly<Record<number, number>> = { 8: 170, 4: 105 };
const SINGLE_NANOSECONDS: Readonly<Record<number, number>> = { 4: 50, 1: 25 };
/** What h from memory costs, and a dispatch. */
const STEPWISE = { factor: 1.4, nanoseconds: 25_000 } as const;
const SUBGROUP = 4;
/** Cores that a software adapter can count on. */
const CORES = 2;

/** Estimated nanoseconds of a step on a software adapter, of `gates` gates. */
export function softwareStep(
  { batch, units, directions }: RecurrentExtents,
  gates: number,
  tile: RecurrentTile,
): number {
  const { kind, width, rows, each, quads, unitsHere, lanes, stepwise } = tile;
  const groups = Math.ceil(batch / rows) * directions.length * Math.ceil(units / width / unitsHere);
  const turns = Math.ceil((rows * unitsHere) / each / quads / lanes);
  const one = (kind === 'rows' ? ROWS_NANOSECONDS[each] : SINGLE_NANOSECONDS[width]) ?? 0;
  const product =
    Math.ceil(groups / CORES) * Math.ceil(lanes / SUBGROUP) * turns * units * gates * quads * one;
  return stepwise ? product * STEPWISE.factor + STEPWISE.nanoseconds : product;
}

/** Invocations that keep a workgroup of a GPU busy. */
const BUSY = 64;
/** Workgroups that fill a GPU. */
const FULL = 64;

/**
 * The place of `tile` in the order for a GPU, reasoned: a step takes as long as its longest chain, so few rows to a workgroup as long as
 * the batch does not fill the machine, and many invocations; beyond that, rows that share what they read.
 */
export function gpuOrder({ batch, directions }: RecurrentExtents, tile: RecurrentTile): number {
  const { kind, rows, lanes, stepwise } = tile;
  if (stepwise) return 1000 - lanes;
  const groups = Math.ceil(batch / rows) * directions.length;
  const idle = lanes < BUSY ? BUSY / lanes : 0;
  if (kind === 'single') return 10 + idle + groups / FULL;
  return 10 + rows + idle + groups / FULL;
}
