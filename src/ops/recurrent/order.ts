/** How good each way to run a recurrent layer is: smaller is better. Numbers from measurement, where it was possible. */

import type { RecurrentExtents, RecurrentTile } from '../../kernels/recurrent.js';

/**
 * Nanoseconds of one k of one elem and gate for four lanes (one subgroup of a software adapter): of `rows` by the rows of an invocation, of
 * `single` by the width of an elem. CPU time in Chromium on SwiftShader, B = 32, H = 128, the three cells, forward and backward, all
 * tiles interleaved: 8 rows took 128 to 150, 4 rows 83 to 101, elems of 4 units 44 to 83, of 1 unit 17 to 42. 16x8 took as long as 8x8; it
 * wins where units fill no subgroup (H = 20: 1.8 ms against 2.3). One dispatch a step took 0.01 to 0.1 ms more for each.
 */
const ROWS_NANOSECONDS: Readonly<Record<number, number>> = { 8: 140, 4: 90 };
const SINGLE_NANOSECONDS: Readonly<Record<number, number>> = { 4: 70, 1: 35 };
/**
 * Of `shared` on lavapipe, in the same measure: there 8x8 takes twice the CPU time that it would without a barrier, which makes a kernel a
 * coroutine, and each load as long as several multiplications.
 */
const SHARED_NANOSECONDS = 30;
const STEP_NANOSECONDS = 25_000;
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
  const measured = {
    rows: ROWS_NANOSECONDS[each],
    single: SINGLE_NANOSECONDS[width],
    shared: SHARED_NANOSECONDS,
  };
  const one = measured[kind] ?? 0;
  const product =
    Math.ceil(groups / CORES) * Math.ceil(lanes / SUBGROUP) * turns * units * gates * quads * one;
  return stepwise ? product + STEP_NANOSECONDS : product;
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
