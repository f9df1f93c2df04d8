/** Which kernels sum the gradients of a recurrent layer's weights, best first. */

import type { TensorType } from '../../ir/graph.js';
import {
  type Candidate,
  inputArg,
  type Lowered,
  type LowerRequest,
  outputArg,
  scratchArg,
} from '../../ir/op.js';
import { requireIndexable } from '../../kernels/attachment.js';
import {
  type RecurrentWeights,
  recurrentWeights,
  recurrentWeightsCombine,
  type StepSplit,
  splitSteps,
  WEIGHT_TILES,
  type WeightTile,
  weightColumns,
  weightRows,
  weightTileCount,
} from '../../kernels/recurrent-weights.js';
import { type WeightGradientAttrs, weightGradientInputs, weightGradientShape } from './shape.js';

const OP = 'recurrentWeightGradient';

export function weightGradientCandidates(request: LowerRequest<WeightGradientAttrs>): readonly Candidate[] {
  const { attrs, inputs, outputs, capabilities } = request;
  const { batch, steps, features, units, gates } = weightGradientShape(OP, inputs, attrs);
  for (const { shape } of [...inputs, ...outputs]) requireIndexable(OP, shape);
  const masked = attrs.mask ? steps : 0;
  const gru = attrs.cell === 'gru';
  const use: RecurrentWeights = {
    batch,
    steps,
    features,
    units,
    gates,
    directions: attrs.directions,
    state: attrs.state,
    factors: attrs.dropout ? { at: masked, stride: masked + attrs.directions.length * units } : null,
    carry: gru,
    biasRows: gru ? 2 : 1,
    used: [request.used[0] === true, request.used[1] === true, request.used[2] === true],
  };
  const bindings = weightGradientInputs(attrs).length + use.used.filter(Boolean).length;
  const fits = bindings <= capabilities.maxStorageBuffersPerShaderStage;
  const rank = capabilities.software ? softwareNanoseconds : gpuRank;
  return WEIGHT_TILES.filter((width) => width === 4 || units > width / 2)
    .filter((width) => width < 16 || branches(use) <= 1)
    .flatMap((width) => plansOf(use, width, fits, capabilities.software ? 0 : GPU_TILES))
    .map((plan) => ({ plan, rank: rank(use, plan) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ plan }) => ({ key: keyOf(plan), lower: () => lower(use, plan, request) }));
}

/** What h_prev and the gates are put together from. With two or three, 8×16 takes lavapipe 5 to 8 seconds to compile. */
const branches = ({ state, factors, carry }: RecurrentWeights): number =>
  [state, factors !== null, carry].filter(Boolean).length;

/** One way to sum. */
interface Plan {
  readonly width: WeightTile;
  readonly split: StepSplit;
  /** One dispatch writes the results themselves; else parts are added by a second one. */
  readonly whole: boolean;
}

const keyOf = ({ width, whole }: Plan): string => `recurrent_weights_8x${width}${whole ? '' : '_split'}`;

/** Tiles that a split aims at on a software adapter and on a GPU, the fewest steps worth a part, and the most bytes of its copies. */
const SOFTWARE_TILES = 96;
const GPU_TILES = 16_384;
const SHORTEST_PART = 32;
const MOST_PARTS = 64;
const MOST_BYTES = 2 ** 20;

/** Whole and split; split alone, be it into one part, where the results need more bindings than there are. */
function plansOf(use: RecurrentWeights, width: WeightTile, fits: boolean, tiles: number): Plan[] {
  const copy = weightRows(use).all * weightColumns(use) * 4;
  const parts = Math.min(
    MOST_PARTS,
    Math.floor(MOST_BYTES / copy),
    Math.floor((use.batch * use.steps) / SHORTEST_PART),
    Math.ceil(Math.max(SOFTWARE_TILES, tiles) / weightTileCount(use, width)),
  );
  const split = splitSteps(use, Math.max(1, parts));
  const plans: Plan[] = [];
  if (fits) plans.push({ width, split: splitSteps(use, 1), whole: true });
  if (!fits || split.parts > 1) plans.push({ width, split, whole: false });
  return plans;
}

/**
 * Nanoseconds of one step for four lanes (one subgroup of a software adapter), by columns of a tile. Measured in Chromium on
 * SwiftShader, 2 cores, 64 features, 128 units, 4 gates.
 */
const STEP_NANOSECONDS: Readonly<Record<WeightTile, number>> = { 16: 350, 8: 250, 4: 190 };
const SUBGROUP = 4;
const GROUP = 16;
/** Cores that a software adapter can count on. */
const CORES = 2;
/** What a second dispatch and each partial sum cost. */
const DISPATCH_NANOSECONDS = 80_000;
const PARTIAL_NANOSECONDS = 4;

function softwareNanoseconds(use: RecurrentWeights, { width, split, whole }: Plan): number {
  const tiles = weightTileCount(use, width) * split.parts;
  const cores = Math.min(CORES, Math.ceil(tiles / GROUP));
  const sum = (Math.ceil(tiles / SUBGROUP) / cores) * split.chunk * STEP_NANOSECONDS[width];
  if (whole) return sum;
  return (
    sum + DISPATCH_NANOSECONDS + weightRows(use).all * weightColumns(use) * split.parts * PARTIAL_NANOSECONDS
  );
}

/** Steps of one invocation on a GPU, and what a second dispatch costs, relative to each other: no measurement yet. */
const GPU_STEP: Readonly<Record<WeightTile, number>> = { 16: 5, 8: 1.6, 4: 1 };
const GPU_DISPATCH = 16;

/** Few tiles leave a GPU idle, and then a sum takes as long as its steps; 8×16 leaves an invocation too few registers. */
function gpuRank(use: RecurrentWeights, { width, split, whole }: Plan): number {
  const waves = Math.max(1, (weightTileCount(use, width) * split.parts) / GPU_TILES);
  return waves * split.chunk * GPU_STEP[width] + (whole ? 0 : GPU_DISPATCH);
}

function lower(use: RecurrentWeights, { width, split, whole }: Plan, request: LowerRequest): Lowered {
  const operands = request.inputs.map((_, index) => inputArg(index));
  const results = request.outputs.flatMap((_, index) => (use.used[index] ? [outputArg(index)] : []));
  const launch = recurrentWeights(use, width, split, whole);
  if (whole) return { scratch: [], dispatches: [{ launch, args: [...operands, ...results] }] };
  const partial: TensorType = {
    shape: [split.parts, weightRows(use).all, weightColumns(use)],
    dtype: 'float32',
  };
  return {
    scratch: [partial],
    dispatches: [
      { launch, args: [...operands, scratchArg(0)] },
      { launch: recurrentWeightsCombine(use, split.parts), args: [scratchArg(0), ...results] },
    ],
  };
}
