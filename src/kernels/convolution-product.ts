/**
 * Convolutions as matrix products: `shaders/convolution.wgsl`, a tile of the result in the registers of each invocation, and
 * `shaders/convolution-tiled.wgsl`, a tile of the result for each workgroup, through workgroup memory.
 */

import registersSource from '../../shaders/convolution.wgsl?raw';
import tiledSource from '../../shaders/convolution-tiled.wgsl?raw';
import { type Attachment, assembleKernel, paramValues, type TypedBinding } from './attachment.js';
import {
  type FilterSum,
  filterParams,
  filterRows,
  IDENTITY_EPILOGUE,
  type LineSplit,
  type Pair,
  u32Params,
  type WindowSum,
  windowParams,
} from './convolution.js';
import { columnLoads, filterLoads, TAPS_AT, windowLoads } from './convolution-operands.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { constants } from './specialise.js';

/** Rows and columns that one invocation makes (`registers`), or one workgroup (`tiled`). */
export interface ConvTile {
  readonly kind: 'registers' | 'tiled';
  readonly size: Pair;
  /** `registers`: so many invocations of a subgroup load columns for each other. Default 0. */
  readonly sharers?: number;
}

export const CONV_TILES: readonly ConvTile[] = [
  { kind: 'registers', size: [4, 32], sharers: 8 },
  { kind: 'registers', size: [8, 16], sharers: 4 },
  { kind: 'registers', size: [8, 16] },
  { kind: 'registers', size: [8, 8] },
  { kind: 'registers', size: [8, 4] },
  { kind: 'tiled', size: [64, 64] },
  { kind: 'tiled', size: [32, 32] },
];

const entryPoint = ({ kind, size: [height, width] }: ConvTile): string =>
  kind === 'tiled' ? `convolution_tiled_${height}` : `convolution_registers_${height}x${width}`;

export const tileKey = (tile: ConvTile): string => `${entryPoint(tile)}${tile.sharers ? '_shared' : ''}`;

/** Invocations of a workgroup, and bytes of its memory: two operands, 16 steps. */
export const tileThreads = ({ kind, size }: ConvTile): number =>
  kind === 'tiled' ? size[0] * 2 : REGISTERS_GROUP;
export const tileBytes = ({ kind, size }: ConvTile): number =>
  kind === 'tiled' ? 2 * STEPS * size[0] * 4 : 0;

/** Invocations of a workgroup of `registers`. */
export const REGISTERS_GROUP = 8;
/** Steps that are staged at once. */
const STEPS = 16;

/** Tiles of all rows. Those who share have the same columns: none of their workgroup goes on to the next. */
function rowTiles(rows: number, { size, sharers }: ConvTile): number {
  const tiles = Math.ceil(rows / size[0]);
  return sharers ? Math.ceil(tiles / REGISTERS_GROUP) * REGISTERS_GROUP : tiles;
}

/** How many tiles the product needs. */
export const tileCount = ({ rows, columns, groups, copies }: Extents, tile: ConvTile): number =>
  rowTiles(rows, tile) * Math.ceil(columns / tile.size[1]) * groups * copies;

/** A convolution as a matrix product: for each group and copy C [rows, columns], sums of at most `lines` · `inner` products. */
export interface Extents {
  readonly rows: number;
  readonly columns: number;
  /** Taps of a window sum (at most, where it has phases), lines of a part of a filter sum. */
  readonly lines: number;
  readonly inner: number;
  readonly groups: number;
  /** Phases of a window sum, parts of a filter sum. */
  readonly copies: number;
}

/** Places of one phase along an axis. */
const grid = ({ result, phases }: WindowSum, axis: 0 | 1): number => Math.ceil(result[axis] / phases[axis]);

export const windowExtents = (use: WindowSum): Extents => ({
  rows: use.batch * grid(use, 0) * grid(use, 1),
  columns: use.resultChannels / use.groups,
  lines: Math.ceil(use.cells[0] / use.filterSteps[0]) * Math.ceil(use.cells[1] / use.filterSteps[1]),
  inner: use.sourceChannels / use.groups,
  groups: use.groups,
  copies: use.phases[0] * use.phases[1],
});

export const filterExtents = (use: FilterSum, split: LineSplit): Extents => ({
  rows: filterRows(use),
  columns: use.filters / use.groups,
  lines: split.chunk,
  inner: use.output[1],
  groups: use.groups,
  copies: split.parts,
});

/** Bindings: source, filter, result, then the epilogue's. `resultType` is the WGSL scalar after the epilogue. */
export function convolutionProduct(use: WindowSum, tile: ConvTile, resultType: string): Launch {
  const extents = windowExtents(use);
  const wide = tile.kind === 'tiled' && extents.inner % 4 === 0;
  const vec4 = use.forward ? extents.columns % 4 === 0 : wide;
  const { inside, forward } = use;
  return launch(tile, {
    extents,
    params: { ...windowParams(use), grid_h: grid(use, 0), grid_w: grid(use, 1) },
    baked: ['window', inside, forward, vec4, wide],
    wide,
    loads: [TAPS_AT, windowLoads({ inside, forward, vec4, wide })],
    vec4: [wide, vec4],
    resultType,
    columnSum: false,
    epilogue: use.epilogue,
  });
}

/** Bindings: x, dy, result (with `split.parts` copies), the column sum if asked for, then the epilogue's. */
export function convolutionFilterProduct(
  use: FilterSum,
  split: LineSplit,
  resultType: string,
  tile: ConvTile,
): Launch {
  const extents = filterExtents(use, split);
  const vec4 = extents.columns % 4 === 0;
  const vec4Rows = (use.channels / use.groups) % 4 === 0;
  const { inside, columnSum, epilogue } = use;
  return launch(tile, {
    extents,
    params: { ...filterParams(use, split), result_channels: use.filters },
    wide: false,
    baked: ['filter', inside, vec4Rows, vec4, columnSum],
    loads: [filterLoads({ inside, vec4Rows, vec4 })],
    vec4: [vec4Rows, vec4],
    resultType,
    columnSum,
    epilogue,
  });
}

interface Variant {
  readonly extents: Extents;
  /** Parameters of the walk. */
  readonly params: Readonly<Record<string, number>>;
  readonly baked: readonly (string | boolean)[];
  readonly wide: boolean;
  readonly loads: readonly string[];
  /** Whether A and B are arrays of vec4. */
  readonly vec4: readonly [boolean, boolean];
  readonly resultType: string;
  readonly columnSum: boolean;
  readonly epilogue: Attachment | undefined;
}

function launch(tile: ConvTile, variant: Variant): Launch {
  const { extents, resultType, columnSum, epilogue, wide } = variant;
  const { rows, columns, lines, inner, groups } = extents;
  const tiled = tile.kind === 'tiled';
  const tiles = tileCount(extents, tile);
  const params = {
    ...variant.params,
    rows,
    columns,
    inner: wide ? inner / 4 : inner,
    groups,
    row_tiles: rowTiles(rows, tile),
    column_tiles: Math.ceil(columns / tile.size[1]),
    tiles,
    ...(tiled && { staged: Math.ceil((lines * inner) / STEPS) }),
  };
  const quads = columns % 4 === 0;
  const [typeA, typeB] = variant.vec4.map((vec4) => (vec4 ? 'array<elem4>' : 'array<elem>'));
  const bindings: TypedBinding[] = [
    { name: 'a', access: 'read', type: typeA as string },
    { name: 'b', access: 'read', type: typeB as string },
    { name: 'c', access: 'write', type: quads ? `array<vec4<${resultType}>>` : `array<${resultType}>` },
  ];
  if (columnSum) bindings.push({ name: 'column_sum', access: 'write', type: 'array<elem>' });
  const kernel = assembleKernel({
    entryPoint: entryPoint(tile),
    source: tiled ? tiledSource : registersSource,
    baked: [...variant.baked, quads, resultType, tile.sharers ?? 0],
    declarations: [
      'alias elem = f32;',
      'alias elem4 = vec4<f32>;',
      constants({ COLUMN_SUM: columnSum, ...(tiled && { WIDE: wide, TILE: tile.size[0] }) }),
      ...(tiled ? (wide ? NO_LOADS : NO_BLOCKS) : columnLoads(tile.sharers ?? 0)),
      `fn store_sum(index: u32, value: elem) {${columnSum ? ' column_sum[index] = value; ' : ''}}`,
      ...variant.loads,
      storeFour(quads, resultType),
      ...(epilogue ? [] : [IDENTITY_EPILOGUE]),
    ],
    params: u32Params(params),
    bindings,
    attachments: [epilogue],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(tiled ? tiles : Math.ceil(tiles / REGISTERS_GROUP)),
    params: paramValues(Object.values(params), [epilogue]),
  };
}

/** `store_four`: four neighbouring elements of a row, as one where the columns of a group come in whole quads. */
function storeFour(quads: boolean, resultType: string): string {
  const head = 'fn store_four(row: u32, column: u32, left: u32, value: elem4) {';
  const values = ['x', 'y', 'z', 'w'].map((lane, i) => `epilogue(value.${lane}, row, column + ${i}u)`);
  if (quads) {
    return `${head}
  c[(row * params.result_channels + column) / 4u] = vec4<${resultType}>(${values.join(', ')});
}`;
  }
  const lines = values.map((value, i) => {
    const store = `c[row * params.result_channels + column + ${i}u] = ${value};`;
    return i === 0 ? `  ${store}` : `  if (left > ${i}u) { ${store} }`;
  });
  return [head, ...lines, '}'].join('\n');
}

/** Functions that the other kind of loop would call. */
const NO_LOADS = [
  'fn a_load(rows: Rows, step: Step) -> elem4 { return elem4(); }',
  'fn b_load(columns: vec4<u32>, step: Step) -> elem4 { return elem4(); }',
];
const NO_BLOCKS = [
  'fn a_block(rows: Rows, step: Step) -> Quad { return Quad(); }',
  'fn b_block(columns: vec4<u32>, step: Step) -> Quad { return Quad(); }',
];
