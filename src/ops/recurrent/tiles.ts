/** How the work of a recurrent kernel may be cut: into workgroups, and into dispatches. */

import type { Capabilities } from '../../kernels/kernel.js';
import type { RecurrentExtents, RecurrentTile, StepRange } from '../../kernels/recurrent.js';
import { gpuOrder, softwareStep } from './order.js';

/** Bytes of workgroup memory per batch row and unit. */
export interface RowBytes {
  readonly rows: number;
  readonly single: number;
}

/** Rows of a workgroup and of an invocation. */
const SHARING = [
  [4, 4],
  [8, 8],
  [16, 8],
] as const;

/** Invocations of a workgroup that makes a part of a step. */
const STEP_LANES = 32;

/** The tiles that `capabilities` allow, best first; never none. */
export function tilesFor(
  extents: RecurrentExtents,
  bytes: RowBytes,
  capabilities: Capabilities,
  { stepwiseFrom }: RecurrentLimits,
): readonly RecurrentTile[] {
  const { batch, units } = extents;
  const { maxComputeInvocationsPerWorkgroup: most, maxComputeWorkgroupStorageSize: memory } = capabilities;
  const widths: readonly (1 | 4)[] = units % 4 === 0 ? [4, 1] : [1];
  const tiles: RecurrentTile[] = [];
  if (units % 4 === 0) {
    for (const [rows, each] of SHARING) {
      const lanes = ((units / 4) * rows) / each;
      if (lanes > most || rows * units * bytes.rows > memory || rows >= batch * 2) continue;
      tiles.push({ kind: 'rows', width: 4, rows, each, unitsHere: units / 4, lanes, stepwise: false });
    }
  }
  if (units * bytes.single <= memory) {
    for (const width of widths) {
      const unitsHere = units / width;
      const lanes = Math.min(unitsHere, most);
      tiles.push({ kind: 'single', width, rows: 1, each: 1, unitsHere, lanes, stepwise: false });
    }
  }
  if (units >= stepwiseFrom || tiles.length === 0) tiles.push(...stepwiseTiles(extents));
  const { software } = capabilities;
  const rank = new Map(
    tiles.map((tile) => [tile, software ? softwareStep(extents, tile) : gpuOrder(extents, tile)]),
  );
  return tiles.sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
}

/** One dispatch a step. */
function stepwiseTiles({ batch, units }: RecurrentExtents): RecurrentTile[] {
  const width = units % 4 === 0 ? 4 : 1;
  const unitsHere = Math.min(units / width, STEP_LANES);
  const common = { width, unitsHere, lanes: unitsHere, stepwise: true } as const;
  const single: RecurrentTile = { ...common, kind: 'single', rows: 1, each: 1 };
  if (width === 1 || batch === 1) return [single];
  const rows = batch > 4 ? 8 : 4;
  return [{ ...common, kind: 'rows', rows, each: rows }, single];
}

/** Names a tile; stable. */
export const tileKey = ({ kind, width, rows, each, stepwise }: RecurrentTile): string =>
  [kind, kind === 'rows' ? `${rows}x${each}` : `w${width}`, ...(stepwise ? ['stepwise'] : [])].join('_');

/** How long one dispatch may take, how much it does in that time, and from how many units on one dispatch a step may be faster. */
export interface RecurrentLimits {
  readonly milliseconds: number;
  readonly flopsPerMillisecond: number;
  readonly stepwiseFrom: number;
}

/** Watchdogs end dispatches of seconds, and a page shares its GPU with what it draws. */
export const recurrentLimits = ({ software }: Capabilities): RecurrentLimits =>
  software
    ? { milliseconds: 500, flopsPerMillisecond: 2e6, stepwiseFrom: 256 }
    : { milliseconds: 50, flopsPerMillisecond: 2e7, stepwiseFrom: 256 };

/** The dispatches of all steps: one each where they are `stepwise`, else as many at once as the budget allows. */
export function rangesOf(
  { batch, steps, units, directions }: RecurrentExtents,
  gates: number,
  { stepwise }: RecurrentTile,
  { milliseconds, flopsPerMillisecond }: RecurrentLimits,
): readonly StepRange[] {
  const flops = 2 * batch * units * gates * units * directions.length;
  const most = stepwise ? 1 : Math.max(1, Math.floor((milliseconds * flopsPerMillisecond) / flops));
  return Array.from({ length: Math.ceil(steps / most) }, (_, index) => ({
    begin: index * most,
    end: Math.min(steps, (index + 1) * most),
  }));
}
