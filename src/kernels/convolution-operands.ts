/**
 * How the convolution kernels walk: which steps a tile's sums consist of, and where their numbers lie. WGSL functions for the
 * specialise blocks; `shaders/convolution.wgsl` says what they mean.
 */

const FOUR = 'vec4<u32>(0u, 1u, 2u, 3u)';
const LANES = ['x', 'y', 'z', 'w'] as const;

/** `taps_at`: the taps that meet one place along one axis, as `shaders/convolution-direct.wgsl` draws them. */
export const TAPS_AT = `// The source coordinate of the first tap (it wraps below zero), its row of the filter, and how many there are.
struct Taps { source: u32, cell: u32, count: u32 }
fn taps_at(place: u32, cells: u32, phases: u32, moves: u32, before: u32, dilation: u32, filter_step: u32) -> Taps {
  let distance = place % phases + before;
  var cell = 0u;
  while (cell < phases && cell * dilation % phases != distance % phases) {
    cell++;
  }
  let source = place / phases * moves + u32(i32(distance - cell * dilation) / i32(phases));
  return Taps(source, cell, select(0u, (cells + filter_step - 1u - cell) / filter_step, cell < min(phases, cells)));
}
fn taps_down(place: u32) -> Taps {
  return taps_at(place, params.cells_h, params.phases_h, params.moves_h, params.before_h, params.dilation_h, params.filter_step_h);
}
fn taps_across(place: u32) -> Taps {
  return taps_at(place, params.cells_w, params.phases_w, params.moves_w, params.before_w, params.dilation_w, params.filter_step_w);
}`;

/** What a window sum's kernel bakes in. */
export interface WindowLoads {
  /** No tap ever lies outside the source. */
  readonly inside: boolean;
  /** The filter's columns are contiguous; else the steps of i are. */
  readonly forward: boolean;
  /** Four i at once, and A is an array of vec4: i comes in whole quads. */
  readonly wide: boolean;
  /** B is an array of vec4: what is contiguous in it comes in whole quads. */
  readonly vec4: boolean;
}

/** Walk over the taps of a window sum, and over the source's channels at each; A is the source, B the filter. */
export function windowLoads({ inside, forward, wide, vec4 }: WindowLoads): string {
  const columns = `min(vec4<u32>(column) + ${FOUR}, vec4<u32>(params.columns - 1u))`;
  const quad = vec4 ? ' / 4u' : '';
  const column = forward
    ? vec4
      ? 'vec4<u32>(min(column, params.columns - 4u) / 4u)'
      : columns
    : `${columns} * (params.source_channels${quad})`;
  return [
    `fn walk_of(tile: Tile) -> Walk {
  let rows = taps_down(tile.copy / params.phases_w);
  let columns = taps_across(tile.copy % params.phases_w);
  var walk: Walk;
  walk.steps = rows.count * columns.count * params.inner;
  walk.minor = columns.count;
  walk.source = vec2<u32>(rows.source, columns.source);
  walk.cell = vec2<u32>(rows.cell, columns.cell);
  return walk;
}
fn rows_at(tile: Tile, walk: Walk, row: u32) -> Rows {
  let index = min(vec4<u32>(row) + ${FOUR}, vec4<u32>(params.rows - 1u));
  let line = index / params.grid_w;
  var rows: Rows;
  rows.h = line % params.grid_h * params.moves_h + walk.source.x;
  rows.w = index % params.grid_w * params.moves_w + walk.source.y;
  let pixel = (line / params.grid_h * params.source_h + rows.h) * params.source_w + rows.w;
  rows.at = pixel * (params.source_channels${wide ? ' / 4u' : ''}) + tile.group * params.inner;
  return rows;
}
fn columns_at(tile: Tile, column: u32) -> vec4<u32> {
  return ${column} + tile.group * params.filter_group${quad};
}
fn step_of(walk: Walk) -> Step {
  let r = walk.cell.x + walk.u * params.filter_step_h;
  let s = walk.cell.y + walk.v * params.filter_step_w;
  var step: Step;
  step.down = walk.u * params.step_h;
  step.across = walk.v * params.step_w;
  step.a = (step.down * params.source_w + step.across) * (params.source_channels${wide ? ' / 4u' : ''}) + walk.i;
  step.b = ((r * params.cells_w + s) * params.filter_tap + walk.i * ${iStride(forward, wide, 'params.result_channels')})${quad};
  return step;
}`,
    ...(wide ? [aBlock(inside), bBlock(forward, vec4)] : [aLoad(inside, false), bLoad(vec4)]),
    forward ? ROW_OF_PLACE : ROW_OF_CELL,
  ].join('\n');
}

/** Elements of the filter from one i (or four) to the next. */
const iStride = (forward: boolean, wide: boolean, columns: string): string =>
  `${forward ? columns : '1u'}${wide ? ' * 4u' : ''}`;

const ROW_OF_PLACE =
  'fn result_row(tile: Tile, row: u32) -> u32 { return select(NOWHERE, row, row < params.rows); }';

const ROW_OF_CELL = `fn result_row(tile: Tile, row: u32) -> u32 {
  let line = row / params.grid_w;
  let i = line % params.grid_h * params.phases_h + tile.copy / params.phases_w;
  let j = row % params.grid_w * params.phases_w + tile.copy % params.phases_w;
  let at = (line / params.grid_h * params.result_h + i) * params.result_w + j;
  return select(NOWHERE, at, row < params.rows && i < params.result_h && j < params.result_w);
}`;

/** What a filter sum's kernel bakes in. */
export interface FilterLoads {
  readonly inside: boolean;
  /** A is an array of vec4: four rows are four channels of one cell. */
  readonly vec4Rows: boolean;
  readonly vec4: boolean;
}

/** Walk over the lines of places of a filter sum, and over the places of each; A is x, B is dy. */
export function filterLoads({ inside, vec4Rows, vec4 }: FilterLoads): string {
  const channels = vec4Rows ? '(params.channels / 4u)' : 'params.channels';
  const columns = vec4
    ? 'vec4<u32>((tile.group * params.columns + min(column, params.columns - 4u)) / 4u)'
    : `tile.group * params.columns + min(vec4<u32>(column) + ${FOUR}, vec4<u32>(params.columns - 1u))`;
  return [
    `fn walk_of(tile: Tile) -> Walk {
  let first = tile.copy * params.chunk;
  var walk: Walk;
  walk.steps = min(params.chunk, params.lines - first) * params.inner;
  walk.minor = params.output_h;
  walk.u = first / params.output_h;
  walk.v = first % params.output_h;
  return walk;
}
fn rows_at(tile: Tile, walk: Walk, row: u32) -> Rows {
  let index = min(vec4<u32>(row) + ${FOUR}, vec4<u32>(params.rows - 1u));
  let cell = index / params.per_group;
  let channel = tile.group * params.per_group + index % params.per_group;
  var rows: Rows;
  rows.h = cell / params.cells_w * params.dilation_h - params.before_h;
  rows.w = cell % params.cells_w * params.dilation_w - params.before_w;
  rows.at = (rows.h * params.source_w + rows.w) * ${channels} + channel${vec4Rows ? ' / 4u' : ''};
  return rows;
}
fn columns_at(tile: Tile, column: u32) -> vec4<u32> { return ${columns}; }
fn step_of(walk: Walk) -> Step {
  var step: Step;
  step.down = walk.v * params.stride_h;
  step.across = walk.i * params.stride_w;
  step.a = ((walk.u * params.source_h + step.down) * params.source_w + step.across) * ${channels};
  step.b = ((walk.u * params.output_h + walk.v) * params.inner + walk.i) * (params.result_channels${vec4 ? ' / 4u' : ''});
  return step;
}`,
    aLoad(inside, vec4Rows),
    bLoad(vec4),
    `fn result_row(tile: Tile, row: u32) -> u32 {
  return select(NOWHERE, tile.copy * params.rows + row, row < params.rows);
}`,
  ].join('\n');
}

const FOUR_QUADS = [0, 1, 2, 3].map((quad) => quad * 4);

/** `b_loads`, where every invocation loads its own columns: four quads in one step, from the places that `columns_of` finds. */
const OWN_COLUMNS = `struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
}
fn columns_of(tile: Tile, at: Invocation) -> Columns {
  return Columns(${FOUR_QUADS.map((column) => `columns_at(tile, tile.column + ${column}u)`).join(', ')});
}
fn b_loads(columns: Columns, step: Step) -> Octet {
  return Octet(${FOUR_QUADS.map((_, quad) => `b_load(columns[${quad}], step)`).join(', ')}, elem4(), elem4(), elem4(), elem4());
}`;

/**
 * `b_loads`, where `sharers` invocations of a subgroup load one quad each for all. The numbers of a subgroup's invocations are WGSL's:
 * nothing is said of how they follow one another in the workgroup.
 */
const sharedColumns = (sharers: number): string => `struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) sharer: u32,
}
fn columns_of(tile: Tile, at: Invocation) -> Columns {
  var columns: Columns;
  columns[0] = columns_at(tile, tile.column + at.sharer % ${sharers}u * 4u);
  return columns;
}
fn b_loads(columns: Columns, step: Step) -> Octet {
  let own = b_load(columns[0], step);
  var all: Octet;
${Array.from({ length: sharers }, (_, quad) => `  all[${quad}] = subgroupBroadcast(own, ${quad}u);`).join('\n')}
  return all;
}`;

/** How a row of B is loaded. That all of a workgroup take as many steps is true where they share, but depends on parameters. */
export const columnLoads = (sharers: number): readonly string[] =>
  sharers
    ? ['enable subgroups;', 'diagnostic(off, subgroup_uniformity);', sharedColumns(sharers)]
    : [OWN_COLUMNS];

const masked = (inside: boolean, value: string, mask: string): string =>
  inside ? value : `select(elem4(), ${value}, ${mask})`;

const gathered = (buffer: string, at: string): string =>
  `elem4(${LANES.map((lane) => `${buffer}[${at}.${lane}]`).join(', ')})`;

/** `a_load`: four rows in one step. `vec4Rows`: they lie side by side. */
function aLoad(inside: boolean, vec4Rows: boolean): string {
  return `fn a_load(rows: Rows, step: Step) -> elem4 {
  let at = rows.at + step.a;
  return ${masked(inside, vec4Rows ? 'a[at.x]' : gathered('a', 'at'), 'inside(rows, step)')};
}`;
}

/** `b_load`: four columns in one step. */
const bLoad = (vec4: boolean): string => `fn b_load(columns: vec4<u32>, step: Step) -> elem4 {
  let at = columns + step.b;
  return ${vec4 ? 'b[at.x]' : gathered('b', 'at')};
}`;

/** `a_block`: four rows in four steps, as one vec4 of rows for each step. */
function aBlock(inside: boolean): string {
  const rows = LANES.map((lane) => masked(inside, `a[at.${lane}]`, `is_inside.${lane}`));
  return `fn a_block(rows: Rows, step: Step) -> Quad {
  let at = rows.at + step.a;${inside ? '' : '\n  let is_inside = inside(rows, step);'}
  return turn(${rows.join(', ')});
}`;
}

/** `b_block`: four columns in four steps, as one vec4 of columns for each step. */
function bBlock(forward: boolean, vec4: boolean): string {
  const head = 'fn b_block(columns: vec4<u32>, step: Step) -> Quad {\n  let at = columns + step.b;';
  if (!forward) return `${head}\n  return turn(${LANES.map((lane) => `b[at.${lane}]`).join(', ')});\n}`;
  const stride = `  let stride = params.result_channels${vec4 ? ' / 4u' : ''};`;
  const names = ['at', 'second', 'third', 'fourth'];
  const steps = names.slice(1).map((name, i) => `  let ${name} = ${names[i]} + stride;`);
  const rows = names.map((name) => (vec4 ? `b[${name}.x]` : gathered('b', name)));
  return [head, stride, ...steps, `  return Quad(${rows.join(', ')});`, '}'].join('\n');
}
