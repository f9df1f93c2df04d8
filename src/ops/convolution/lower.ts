/** Which kernels convolve, best first. */

import { WGSL_TYPE } from '../../core/dtype.js';
import type { TensorType } from '../../ir/graph.js';
import {
  type Arg,
  type Candidate,
  inputArg,
  type Lowered,
  type LowerRequest,
  outputArg,
  scratchArg,
} from '../../ir/op.js';
import { requireIndexable } from '../../kernels/attachment.js';
import {
  type FilterSum,
  filterRows,
  isQuadDepthwise,
  type LineSplit,
  lines,
  splitLines,
  type WindowSum,
} from '../../kernels/convolution.js';
import { convolutionDirect, convolutionFilterDirect } from '../../kernels/convolution-direct.js';
import {
  CONV_TILES,
  type ConvTile,
  convolutionFilterProduct,
  convolutionProduct,
  type Extents,
  filterExtents,
  tileBytes,
  tileCount,
  tileKey,
  tileThreads,
  windowExtents,
} from '../../kernels/convolution-product.js';
import type { Capabilities, Launch } from '../../kernels/kernel.js';
import { matmulCombine } from '../../kernels/matmul-combine.js';
import { type EmittedPointwise, emitEpilogue } from '../pointwise/emit.js';
import type { Pair } from './geometry.js';
import { gpuDirect, gpuProduct, softwareFilter, softwareProduct, softwareWindow } from './order.js';
import {
  type ConvAttrs,
  type ConvShape,
  convShape,
  type FilterGradientAttrs,
  filterGradientShape,
  type InputGradientAttrs,
  inputGradientShape,
} from './shape.js';

export function convCandidates(request: LowerRequest<ConvAttrs>): readonly Candidate[] {
  const shape = convShape('conv2d', request.inputs, request.attrs);
  return windowCandidates('conv2d', request, {
    batch: shape.batch,
    result: shape.output,
    resultChannels: shape.filters,
    source: shape.input,
    sourceChannels: shape.channels,
    groups: shape.groups,
    cells: shape.kernel,
    phases: [1, 1],
    moves: shape.strides,
    before: both((axis) => -shape.padding[axis][0]),
    dilations: shape.dilations,
    steps: shape.dilations,
    filterSteps: [1, 1],
    inside: isUnpadded(shape),
    forward: true,
  });
}

export function inputGradientCandidates(request: LowerRequest<InputGradientAttrs>): readonly Candidate[] {
  const shape = inputGradientShape('conv2dInputGradient', request.inputs, request.attrs);
  const { strides, dilations } = shape;
  const common = both((axis) => divisor(strides[axis], dilations[axis]));
  return windowCandidates('conv2dInputGradient', request, {
    batch: shape.batch,
    result: shape.input,
    resultChannels: shape.channels,
    source: shape.output,
    sourceChannels: shape.filters,
    groups: shape.groups,
    cells: shape.kernel,
    phases: strides,
    moves: [1, 1],
    before: both((axis) => shape.padding[axis][0]),
    dilations,
    steps: both((axis) => -dilations[axis] / common[axis]),
    filterSteps: both((axis) => strides[axis] / common[axis]),
    inside: false,
    forward: false,
  });
}

/** With `columnSum` the op has the second output Σ dy. */
export function filterGradientCandidates(
  request: LowerRequest<FilterGradientAttrs>,
  columnSum: boolean,
): readonly Candidate[] {
  const op = 'conv2dFilterGradient';
  const shape = filterGradientShape(op, request.inputs, request.attrs);
  requireAllIndexable(op, request);
  const epilogue = epilogueOf(request);
  const use: FilterSum = {
    ...shape,
    cells: shape.kernel,
    before: both((axis) => shape.padding[axis][0]),
    inside: isUnpadded(shape),
    columnSum: columnSum && request.used[1] === true,
    epilogue,
  };
  const result = WGSL_TYPE[request.outputs[0]?.dtype ?? 'float32'];
  const { software } = request.capabilities;
  const plans: Ranked[] = [];
  const add = (key: string, rank: number, split: LineSplit, launch: FilterPlan['launch']): void => {
    const lower = (): Lowered => lowerFilterSum({ use, split, launch, result, epilogue }, request);
    plans.push({ rank, candidate: { key: split.parts > 1 ? `${key}_split` : key, lower } });
  };
  const whole = splitLines(use, 1);
  for (const tile of tilesFor(filterExtents(use, whole), request.capabilities)) {
    const tiles = tileCount(filterExtents(use, whole), tile);
    const wanted = Math.ceil((tile.kind === 'tiled' ? WANTED_GROUPS : WANTED_TILES) / tiles);
    const split = splitLines(use, Math.min(MOST_PARTS, wanted, Math.floor(lines(use) / SHORTEST_PART)));
    for (const one of split.parts > 1 ? [split, whole] : [whole]) {
      const extents = filterExtents(use, one);
      const rank = software ? softwareProduct(extents, tile, one.parts) : gpuProduct(extents, tile);
      add(tileKey(tile), rank, one, (...args) => convolutionFilterProduct(...args, tile));
    }
  }
  const lanes = isQuadDepthwise(use.channels, use.filters, use.groups) ? 4 : 1;
  const elements = (filterRows(use) * use.filters) / lanes;
  const split = splitLines(use, Math.min(MOST_PARTS, Math.ceil(WANTED_INVOCATIONS / elements)));
  const extents = filterExtents(use, split);
  const rank = software ? softwareFilter(extents, lanes, split.parts) : gpuDirect(extents);
  add('convolution_filter_direct', rank, split, convolutionFilterDirect);
  return sorted(plans);
}

/** Tiles, workgroups and invocations that a split sum aims at, and the fewest lines worth a part. */
const WANTED_TILES = 96;
const WANTED_GROUPS = 64;
const WANTED_INVOCATIONS = 2048;
const SHORTEST_PART = 4;
const MOST_PARTS = 64;

function windowCandidates(
  op: string,
  request: LowerRequest<ConvAttrs>,
  sum: Omit<WindowSum, 'epilogue'>,
): readonly Candidate[] {
  requireAllIndexable(op, request);
  const epilogue = epilogueOf(request);
  const use: WindowSum = { ...sum, epilogue };
  const result = WGSL_TYPE[request.outputs[0]?.dtype ?? 'float32'];
  const candidate = (key: string, launch: () => Launch): Candidate => ({
    key,
    lower: () => ({
      scratch: [],
      dispatches: [
        { launch: launch(), args: [inputArg(0), inputArg(1), outputArg(0), ...(epilogue?.args ?? [])] },
      ],
    }),
  });
  const extents = windowExtents(use);
  const { software } = request.capabilities;
  const plans = tilesFor(extents, request.capabilities).map((tile) => ({
    rank: software ? softwareProduct(extents, tile) : gpuProduct(extents, tile),
    candidate: candidate(tileKey(tile), () => convolutionProduct(use, tile, result)),
  }));
  const lanes = isQuadDepthwise(use.sourceChannels, use.resultChannels, use.groups) ? 4 : 1;
  plans.push({
    rank: software ? softwareWindow(extents, lanes) : gpuDirect(extents),
    candidate: candidate('convolution_direct', () => convolutionDirect(use, result)),
  });
  return sorted(plans);
}

interface Ranked {
  /** Smaller is better. */
  readonly rank: number;
  readonly candidate: Candidate;
}

const sorted = (plans: readonly Ranked[]): Candidate[] =>
  [...plans].sort((a, b) => a.rank - b.rank).map(({ candidate }) => candidate);

/** Tiles that the columns of a group fill well enough; `tiled` where limits allow. */
function tilesFor({ rows, columns }: Extents, capabilities: Capabilities): ConvTile[] {
  return CONV_TILES.filter((tile) => {
    const [height, width] = tile.size;
    if ((tile.sharers ?? 0) > capabilities.subgroupSize) return false;
    if (tile.kind === 'registers') return width === 4 ? columns <= 4 : columns > width / 2;
    return (
      (width === 32 ? columns > 8 : Math.min(rows, columns) > height / 2) &&
      tileThreads(tile) <= capabilities.maxComputeInvocationsPerWorkgroup &&
      tileBytes(tile) <= capabilities.maxComputeWorkgroupStorageSize
    );
  });
}

interface FilterPlan {
  readonly use: FilterSum;
  readonly split: LineSplit;
  /** WGSL scalar of the result after the epilogue. */
  readonly result: string;
  readonly epilogue: EmittedPointwise | undefined;
  launch(use: FilterSum, split: LineSplit, result: string): Launch;
}

function lowerFilterSum(
  { use, split, launch, result, epilogue }: FilterPlan,
  request: LowerRequest,
): Lowered {
  const scratch: TensorType[] = [];
  const temporary = (...shape: number[]): Arg => {
    scratch.push({ shape, dtype: 'float32' });
    return scratchArg(scratch.length - 1);
  };
  const rows = filterRows(use);
  // Where only the column sum is wanted, the filter's gradient still needs a place.
  const filter = request.used[0] === false ? temporary(rows, use.filters) : outputArg(0);
  const sums = use.columnSum ? [outputArg(1)] : [];
  const attached = epilogue?.args ?? [];
  const operands = [inputArg(0), inputArg(1)];
  if (split.parts === 1) {
    const args = [...operands, filter, ...sums, ...attached];
    return { scratch, dispatches: [{ launch: launch(use, split, result), args }] };
  }
  const partial = temporary(split.parts, rows, use.filters);
  const partialSums = sums.map(() => temporary(split.parts, use.filters));
  const first = launch({ ...use, epilogue: undefined }, split, 'f32');
  const { columnSum, filters: columns } = use;
  const second = matmulCombine({ rows, columns, elem: 'f32', result, columnSum, epilogue }, split.parts);
  return {
    scratch,
    dispatches: [
      { launch: first, args: [...operands, partial, ...partialSums] },
      { launch: second, args: [partial, filter, ...partialSums, ...sums, ...attached] },
    ],
  };
}

function epilogueOf({ epilogue, outputs: [output] }: LowerRequest): EmittedPointwise | undefined {
  return epilogue && output && emitEpilogue(epilogue, { shape: output.shape, dtype: 'float32' });
}

function requireAllIndexable(op: string, { inputs, outputs }: LowerRequest): void {
  for (const { shape } of [...inputs, ...outputs]) requireIndexable(op, shape);
}

const both = (along: (axis: 0 | 1) => number): Pair => [along(0), along(1)];

const isUnpadded = ({ padding }: ConvShape): boolean => padding.flat().every((side) => side === 0);

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
