/** How the work of a recurrent kernel may be cut into workgroups. */

import type { Capabilities } from '../../kernels/kernel.js';
import type { RecurrentExtents, RecurrentTile } from '../../kernels/recurrent.js';
import type { RecurrentLimits } from './dispatches.js';
import { gpuOrder, softwareStep } from './order.js';

/** What a kernel asks of a tile. */
export interface TileNeeds {
  /** Whether an invocation of `rows` may take four elems. */
  readonly quads: boolean;
}

/** Rows of a workgroup and of an invocation. */
const SHARING = [
  [4, 4],
  [8, 8],
  [16, 8],
] as const;

/** Elems of a workgroup that makes a part of a step. */
const STEP_UNITS = 32;

/** The tiles that `capabilities` allow, best first; never none. */
export function tilesFor(
  extents: RecurrentExtents & { readonly gates: number },
  needs: TileNeeds,
  capabilities: Capabilities,
  { stepwiseFrom }: RecurrentLimits,
): readonly RecurrentTile[] {
  const { batch, units } = extents;
  const { maxComputeInvocationsPerWorkgroup: most, software, subgroupSize } = capabilities;
  const tiles: RecurrentTile[] = widthsOf(units).map((width) => singleTile(units / width, width, most));
  if (units % 4 === 0) {
    for (const [rows, each] of SHARING) {
      const tile = rowsTile(units / 4, needs, rows, each);
      if (tile.lanes <= most && rows < batch * 2) tiles.push(tile);
    }
  }
  if (software && subgroupSize >= SHARERS) tiles.push(...sharedTiles(units, needs));
  if (units >= stepwiseFrom) tiles.push(...stepwiseTiles(extents, needs));
  const ranked = tiles.map((tile) => ({
    tile,
    rank: software ? softwareStep(extents, extents.gates, tile) : gpuOrder(extents, tile),
  }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ tile }) => tile);
}

const widthsOf = (units: number): readonly (1 | 4)[] => (units % 4 === 0 ? [4, 1] : [1]);

function rowsTile(
  unitsHere: number,
  { quads: several }: TileNeeds,
  rows: number,
  each: number,
  stepwise = false,
): RecurrentTile {
  // Fewer than a subgroup of a software adapter would leave lanes idle.
  const quads = several && unitsHere % 16 === 0 ? 4 : 1;
  const lanes = (unitsHere / quads) * (rows / each);
  return { kind: 'rows', width: 4, rows, each, quads, unitsHere, lanes, stepwise };
}

function singleTile(unitsHere: number, width: 1 | 4, most: number, stepwise = false): RecurrentTile {
  const lanes = Math.min(unitsHere, most);
  return { kind: 'single', width, rows: 1, each: 1, quads: 1, unitsHere, lanes, stepwise };
}

/** Invocations that load R for each other: as many as make a register of a processor with AVX2. */
const SHARERS = 8;

/** Where R is loaded for each other: four elems, so that a share is whole. */
function sharedTiles(units: number, { quads: several }: TileNeeds): RecurrentTile[] {
  if (units % (several ? 16 : 4) !== 0) return [];
  const tile = { each: 4, quads: several ? 4 : 1, unitsHere: units / 4, lanes: SHARERS, stepwise: false };
  return [{ ...tile, kind: 'shared', width: 4, rows: SHARERS * tile.each }];
}

/** One dispatch a step. */
function stepwiseTiles({ batch, units }: RecurrentExtents, needs: TileNeeds): RecurrentTile[] {
  const [width = 1] = widthsOf(units);
  const unitsHere = Math.min(units / width, STEP_UNITS);
  const single = singleTile(unitsHere, width, unitsHere, true);
  if (width === 1 || batch === 1) return [single];
  const rows = batch > 4 ? 8 : 4;
  return [rowsTile(unitsHere, needs, rows, rows, true), single];
}

/** Names a tile; stable. */
export const tileKey = ({ kind, width, rows, each, stepwise }: RecurrentTile): string =>
  [kind, kind === 'single' ? `w${width}` : `${rows}x${each}`, ...(stepwise ? ['stepwise'] : [])].join('_');
