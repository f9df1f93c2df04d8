/** How good each way to run a recurrent layer is: smaller is better. Numbers from measurement, where it was possible. */

import type { RecurrentExtents, RecurrentTile } from '../../kernels/recurrent.js';

/**
 * Nanoseconds of one k of one elem for four lanes (one subgroup of a software adapter), of four gates.
 */
const ROWS_NANOSECONDS: Readonly<Record<number, number>> = { 8: 490, 4: 300 };
const SINGLE_NANOSECONDS: Readonly<Record<number, number>> = { 4: 140, 1: 60 };
const SUBGROUP = 4;
/** Cores that a software adapter can count on. */
const CORES = 2;

/** Estimated nanoseconds of a step on a software adapter. */
export function softwareStep({ batch, units, directions }: RecurrentExtents, tile: RecurrentTile): number {
  const { kind, width, rows, each, quads, unitsHere, lanes } = tile;
  const groups = Math.ceil(batch / rows) * directions.length * Math.ceil(units / width / unitsHere);
  const turns = Math.ceil((rows * unitsHere) / each / quads / lanes);
  const one = (kind === 'rows' ? quads * (ROWS_NANOSECONDS[each] ?? 0) : SINGLE_NANOSECONDS[width]) ?? 0;
  return Math.ceil(groups / CORES) * Math.ceil(lanes / SUBGROUP) * turns * units * one;
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
