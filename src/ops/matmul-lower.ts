/**
 * Which kernels multiply matrices, best first.
 *
 * On a software adapter every variant's time is estimated from its measured speed and the lanes that it leaves idle; where its
 * invocations can tell each other values (subgroups), kernels that do so win by half. On GPUs
 * the order follows from sizes: the largest tile that still fills the device, split-K where no tile does, the vector kernel
 * for thin results.
 */

import { WGSL_TYPE } from '../core/dtype.js';
import type { TensorType } from '../ir/graph.js';
import {
  type Arg,
  type Candidate,
  inputArg,
  type Lowered,
  type LowerRequest,
  outputArg,
  scratchArg,
} from '../ir/op.js';
import { requireIndexable } from '../kernels/attachment.js';
import type { Capabilities } from '../kernels/kernel.js';
import { batchSize, type MatmulUse, type Split, splitInner, unsplit } from '../kernels/matmul.js';
import { matmulCombine } from '../kernels/matmul-combine.js';
import type { Sharers } from '../kernels/matmul-operands.js';
import { matmulRegisters, REGISTER_TILES, type RegisterTile } from '../kernels/matmul-registers.js';
import {
  matmulSubgroups,
  SUBGROUP_TILES,
  type SubgroupTile,
  sharersOf,
} from '../kernels/matmul-subgroups.js';
import { matmulTiled, TILES, type Tile, tileBytes, tileCount, tileThreads } from '../kernels/matmul-tiled.js';
import { matmulSingle, matmulVector, THIN } from '../kernels/matmul-vector.js';
import { gpuRank, type MatmulPlan, softwareNanoseconds } from './matmul-order.js';
import { foldBatch, type MatmulAttrs, productShape } from './matmul-shape.js';
import { type EmittedPointwise, emitEpilogue } from './pointwise/emit.js';

/** Kernels for `request`; with `columnSum` the op has the second output Σ_k b[k, n]. */
export function matmulCandidates(
  request: LowerRequest<MatmulAttrs>,
  columnSum: boolean,
): readonly Candidate[] {
  const [a, b] = request.inputs;
  const [c] = request.outputs;
  if (!a || !b || !c) throw new RangeError('matmul lowers with two inputs and an output');
  for (const { shape } of [a, b, c]) requireIndexable('matmul', shape);
  const product = productShape('matmul', a, b, request.attrs);
  const { rows, batch } = foldBatch(a, b, request.attrs, product);
  const epilogue = request.epilogue && emitEpilogue(request.epilogue, { shape: c.shape, dtype: a.dtype });
  const use: MatmulUse = {
    rows,
    columns: product.columns,
    inner: product.inner,
    batch,
    ...request.attrs,
    elem: WGSL_TYPE[a.dtype],
    result: WGSL_TYPE[c.dtype],
    columnSum: columnSum && request.used[1] === true,
    epilogue,
  };
  const plans = plansFor(use, request.capabilities);
  const { software, subgroupSize } = request.capabilities;
  const rank = (plan: MatmulPlan): number =>
    software ? softwareNanoseconds(use, plan, subgroupSize) : gpuRank(use, plan);
  return plans
    .map((plan) => ({ plan, rank: rank(plan) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ plan }) => ({ key: plan.key, lower: () => lower(plan, use, request, a, epilogue) }));
}

function plansFor(use: MatmulUse, capabilities: Capabilities): MatmulPlan[] {
  const whole = unsplit(use);
  const plans: MatmulPlan[] = [
    { key: 'matmul_single', kind: 'single', tile: [1, 1], sharers: 1, split: whole, launch: matmulSingle },
  ];
  const thin = Math.min(use.rows, use.columns) <= THIN;
  if (thin && !use.columnSum && capabilities.maxComputeInvocationsPerWorkgroup >= 256) {
    plans.push({
      key: 'matmul_vector',
      kind: 'vector',
      tile: [1, 1],
      sharers: 1,
      split: whole,
      launch: matmulVector,
    });
  }
  for (const split of [whole, ...splits(use)]) {
    const suffix = split === whole ? '' : '_split';
    for (const tile of registerTiles(use)) {
      plans.push({
        key: `matmul_registers_${tile[0]}x${tile[1]}${suffix}`,
        kind: 'registers',
        tile,
        sharers: 1,
        split,
        launch: (at) => matmulRegisters(at, tile, split),
      });
    }
    for (const [tile, sharers] of subgroupTiles(use, capabilities)) {
      plans.push({
        key: `matmul_subgroups_${tile[0]}x${tile[1]}${suffix}`,
        kind: 'subgroups',
        tile,
        sharers,
        split,
        launch: (at) => matmulSubgroups(at, tile, split, sharers),
      });
    }
    for (const tile of workgroupTiles(use, capabilities, split.parts > 1)) {
      plans.push({
        key: `matmul_tiled_${tile}${suffix}`,
        kind: 'tiled',
        tile: [tile, tile],
        sharers: 1,
        split,
        launch: (at) => matmulTiled(at, tile, split),
      });
    }
  }
  return plans;
}

const fills = (extent: number, edge: number): boolean => extent > edge / 2;

/** Tiles that the product fills by more than half each way, and the smallest. */
const registerTiles = ({ rows, columns }: MatmulUse): RegisterTile[] =>
  REGISTER_TILES.filter(
    ([height, width]) => (height === 4 || fills(rows, height)) && (width === 4 || fills(columns, width)),
  );

/**
 * The same with the invocations that share them; the smallest, too, must not be too wide. None on GPUs, whose subgroups are wider, and
 * whose workgroup memory is fast.
 */
function subgroupTiles({ rows, columns }: MatmulUse, capabilities: Capabilities): [SubgroupTile, Sharers][] {
  const sharers = capabilities.software ? sharersOf(capabilities.subgroupSize) : undefined;
  if (sharers === undefined) return [];
  return SUBGROUP_TILES.filter(
    ([height, width]) => (height === 8 || fills(rows, height)) && fills(columns, width * sharers),
  ).map((tile) => [tile, sharers]);
}

function workgroupTiles({ rows, columns }: MatmulUse, capabilities: Capabilities, split: boolean): Tile[] {
  return TILES.filter(
    (tile) =>
      (tile === 32 || (!split && Math.min(rows, columns) > tile / 2)) &&
      tileThreads(tile) <= capabilities.maxComputeInvocationsPerWorkgroup &&
      tileBytes(tile) <= capabilities.maxComputeWorkgroupStorageSize,
  );
}

/** Workgroups of the smallest tile that splitting aims at, and the shortest piece of K worth a part. */
const WANTED_GROUPS = 64;
const SHORTEST_PART = 64;
const MOST_PARTS = 64;

/** The one split of K worth trying, if any: few outputs, long sums. */
function splits(use: MatmulUse): Split[] {
  const groups = tileCount(use, 32);
  if (batchSize(use) > 1 || groups >= WANTED_GROUPS || use.inner < 2 * SHORTEST_PART) return [];
  const parts = Math.min(
    MOST_PARTS,
    Math.ceil(WANTED_GROUPS / groups),
    Math.floor(use.inner / SHORTEST_PART),
  );
  return parts < 2 ? [] : [splitInner(use, parts)];
}

function lower(
  plan: MatmulPlan,
  use: MatmulUse,
  request: LowerRequest<MatmulAttrs>,
  operand: TensorType,
  epilogue: EmittedPointwise | undefined,
): Lowered {
  const scratch: TensorType[] = [];
  const temporary = (...shape: number[]): Arg => {
    scratch.push({ shape, dtype: operand.dtype });
    return scratchArg(scratch.length - 1);
  };
  // Where only the column sum is wanted, the product still needs a place.
  const c = request.used[0] === false ? temporary(use.rows * batchSize(use), use.columns) : outputArg(0);
  const sums = use.columnSum ? [outputArg(1)] : [];
  const attached = epilogue?.args ?? [];
  const operands = [inputArg(0), inputArg(1)];
  const { parts } = plan.split;
  if (parts === 1) {
    const dispatch = { launch: plan.launch(use), args: [...operands, c, ...sums, ...attached] };
    return { scratch, dispatches: [dispatch] };
  }
  const partial = temporary(parts, use.rows, use.columns);
  const partialSums = sums.map(() => temporary(parts, use.columns));
  const first = { ...use, result: use.elem, epilogue: undefined };
  return {
    scratch,
    dispatches: [
      { launch: plan.launch(first), args: [...operands, partial, ...partialSums] },
      { launch: matmulCombine(use, parts), args: [partial, c, ...partialSums, ...sums, ...attached] },
    ],
  };
}
