// Convolutions as matrix products, without workgroup memory: every invocation keeps a tile of the result in registers.
//
//   C[row, column] = epilogue( Σ_steps A[row, step] · B[step, column] )
//
// One core, three ways to find A and B (the functions from `walk_of` to `result_row`; src/kernels/convolution-operands.ts):
//
//                       rows              columns       u, v                     i           A, B
//   forward             places n, p, q    filters       taps r, s                channels    x, filter
//   gradient to input   cells n, h, w     channels      the phase's taps         filters     dy, filter
//   gradient to filter  r, s, channels    filters       lines n, p of places     places q    x, dy
//
//                  B   u, v, i ↓  [b b b b | b b b b]       a step is one i of one v of one u; what it adds to the addresses is
//   A  u, v, i →   ┌──────────┬──────────┐                  the same for all rows and for all columns. One flat loop: here a
//   [a]            │ c0       │ c1       │                  loop in a loop costs more than the arithmetic of a step, and several
//   [a]            │ 4×4      │ 4×4      │                  steps at once fill the processor's cache of instructions.
//   [a]            ├──────────┼──────────┤
//   [a]            │ c2       │ c3       │                  tile 8×8: Quads c0 to c3; tiles are numbered along the rows, then
//                  └──────────┴──────────┘                  columns, groups, and copies: the phases of a strided gradient to the
//                                                           input, or the parts of a split sum
//
// For adapters whose processor is the GPU, where barriers are dear, and so is a load: each lane of a vector loads for itself, even
// where all load the same. So where WGSL has subgroups, all rows of a workgroup have the same columns (row_tiles is a multiple of
// LANES), each invocation loads one quad of them, and they exchange these: shared by eight in 4x32, by four in 8x16. Without, 8x16,
// and 8x8 or 8x4 for fewer columns. With a column sum the kernel also gives Σ B, the bias gradient.
//
// specialise
alias elem = f32;
alias elem4 = vec4<f32>;
struct Params {
  rows: u32,
  columns: u32, // of a group
  inner: u32, // i of each u, v
  groups: u32,
  row_tiles: u32, column_tiles: u32, tiles: u32,
  result_channels: u32, // of all groups
  result_h: u32, result_w: u32,
  source_h: u32, source_w: u32,
  source_channels: u32,
  cells_h: u32, cells_w: u32,
  phases_h: u32, phases_w: u32,
  moves_h: u32, moves_w: u32,
  before_h: u32, before_w: u32,
  dilation_h: u32, dilation_w: u32,
  step_h: u32, step_w: u32,
  filter_step_h: u32, filter_step_w: u32,
  filter_tap: u32, filter_group: u32,
  grid_h: u32, grid_w: u32, // places of a phase
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;
fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }
// `left` is how many columns follow in the group.
fn store_four(row: u32, column: u32, left: u32, value: elem4) {
  c[(row * params.result_channels + column) / 4u] = elem4(
    epilogue(value.x, row, column), epilogue(value.y, row, column + 1u),
    epilogue(value.z, row, column + 2u), epilogue(value.w, row, column + 3u));
}
const COLUMN_SUM = false;
fn store_sum(index: u32, value: f32) {}
// The source coordinate of the first tap (it wraps below zero), its row of the filter, and how many there are.
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
}
fn walk_of(tile: Tile) -> Walk {
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
  let index = min(vec4<u32>(row) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.rows - 1u));
  let line = index / params.grid_w;
  var rows: Rows;
  rows.h = line % params.grid_h * params.moves_h + walk.source.x;
  rows.w = index % params.grid_w * params.moves_w + walk.source.y;
  let pixel = (line / params.grid_h * params.source_h + rows.h) * params.source_w + rows.w;
  rows.at = pixel * params.source_channels + tile.group * params.inner;
  return rows;
}
fn columns_at(tile: Tile, column: u32) -> vec4<u32> {
  return vec4<u32>(min(column, params.columns - 4u) / 4u) + tile.group * params.filter_group / 4u;
}
fn step_of(walk: Walk) -> Step {
  let r = walk.cell.x + walk.u * params.filter_step_h;
  let s = walk.cell.y + walk.v * params.filter_step_w;
  var step: Step;
  step.down = walk.u * params.step_h;
  step.across = walk.v * params.step_w;
  step.a = (step.down * params.source_w + step.across) * params.source_channels + walk.i;
  step.b = ((r * params.cells_w + s) * params.filter_tap + walk.i * params.result_channels) / 4u;
  return step;
}
fn a_load(rows: Rows, step: Step) -> elem4 {
  let at = rows.at + step.a;
  return select(elem4(), elem4(a[at.x], a[at.y], a[at.z], a[at.w]), inside(rows, step));
}
fn b_load(columns: vec4<u32>, step: Step) -> elem4 {
  let at = columns + step.b;
  return b[at.x];
}
fn result_row(tile: Tile, row: u32) -> u32 { return select(NOWHERE, row, row < params.rows); }
struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
}
fn columns_of(tile: Tile, at: Invocation) -> Columns {
  return Columns(columns_at(tile, tile.column), columns_at(tile, tile.column + 4u), columns_at(tile, tile.column + 8u), columns_at(tile, tile.column + 12u));
}
fn b_loads(columns: Columns, step: Step) -> Octet {
  return Octet(b_load(columns[0], step), b_load(columns[1], step), b_load(columns[2], step), b_load(columns[3], step), elem4(), elem4(), elem4(), elem4());
}
// end

const FOLD_WIDTH = 32768u;
const LANES = 8u;
const NOWHERE = 0xffffffffu;

// Four rows of four columns.
alias Quad = array<elem4, 4>;
// A tile's, row by row.
alias Quads = array<Quad, 8>;
// One row of up to 32 columns.
alias Octet = array<elem4, 8>;

// Four rows of A: where they begin, and their coordinates in the image before a step is added.
struct Rows {
  at: vec4<u32>,
  h: vec4<u32>,
  w: vec4<u32>,
}

// Where an invocation's quads of B begin.
alias Columns = array<vec4<u32>, 4>;

// What a step adds to the places of A and B, and to the coordinates in the image.
struct Step {
  a: u32, b: u32,
  down: u32, across: u32,
}

// The way through a tile's sums: i from 0 to params.inner, then v to `minor`, then u.
struct Walk {
  steps: u32,
  minor: u32,
  u: u32, v: u32, i: u32,
  source: vec2<u32>, // of the phase's first tap
  cell: vec2<u32>,
}

struct Tile {
  row: u32,
  column: u32, // in the group
  group: u32,
  copy: u32,
  outside: bool,
}

fn add_product(quad: Quad, x: elem4, y: elem4) -> Quad {
  return Quad(
    fma(elem4(x.x), y, quad[0]),
    fma(elem4(x.y), y, quad[1]),
    fma(elem4(x.z), y, quad[2]),
    fma(elem4(x.w), y, quad[3]));
}

fn tile_of(at: Invocation, height: u32, width: u32) -> Tile {
  let index = (at.wid.y * FOLD_WIDTH + at.wid.x) * LANES + at.lane;
  let aside = index / params.row_tiles;
  let above = aside / params.column_tiles;
  var tile: Tile;
  tile.outside = index >= params.tiles;
  tile.row = index % params.row_tiles * height;
  tile.column = aside % params.column_tiles * width;
  tile.group = above % params.groups;
  tile.copy = above / params.groups;
  return tile;
}

// What lies outside is read all the same (WebGPU keeps that harmless), and left out of the sum.
fn inside(rows: Rows, step: Step) -> vec4<bool> {
  return (rows.h + step.down < vec4<u32>(params.source_h)) & (rows.w + step.across < vec4<u32>(params.source_w));
}

fn advance(walk: ptr<function, Walk>) {
  let line_ends = (*walk).i + 1u == params.inner;
  let image_ends = line_ends && (*walk).v + 1u == (*walk).minor;
  (*walk).i = select((*walk).i + 1u, 0u, line_ends);
  (*walk).v = select((*walk).v + u32(line_ends), 0u, image_ends);
  (*walk).u += u32(image_ends);
}

// `quads` lie row by row, `across` of them in each. Bounds from parameters keep compilers from copying the epilogue for every element.
fn store_quads(tile: Tile, height: u32, across: u32, quads: Quads) {
  var kept = quads;
  let rows = min(height, max(params.rows, tile.row) - tile.row);
  let width = min(across, (params.columns - tile.column + 3u) / 4u);
  for (var k = 0u; k < rows; k++) {
    let at = result_row(tile, tile.row + k);
    for (var quad = 0u; quad < width && at != NOWHERE; quad++) {
      let column = tile.column + quad * 4u;
      store_four(at, tile.group * params.columns + column, params.columns - column, kept[k / 4u * across + quad][k % 4u]);
    }
  }
}

// The sums of all columns, by the tiles of the first rows.
fn store_sums(tile: Tile, width: u32, sums: Octet) {
  if (!COLUMN_SUM || tile.row != 0u) {
    return;
  }
  var kept = sums;
  for (var j = 0u; j < min(width, params.columns - tile.column); j++) {
    let column = tile.group * params.columns + tile.column + j;
    store_sum(tile.copy * params.result_channels + column, kept[j / 4u][j % 4u]);
  }
}

@compute @workgroup_size(LANES)
fn convolution_registers_4x32(at: Invocation) {
  let tile = tile_of(at, 4u, 32u);
  if (tile.outside) { return; }
  var walk = walk_of(tile);
  let rows = rows_at(tile, walk, tile.row);
  let columns = columns_of(tile, at);
  var c = Quads();
  var sums = Octet();
  for (var done = 0u; done < walk.steps; done++) {
    let step = step_of(walk);
    advance(&walk);
    let y = b_loads(columns, step);
    let x = a_load(rows, step);
    c[0] = add_product(c[0], x, y[0]);
    c[1] = add_product(c[1], x, y[1]);
    c[2] = add_product(c[2], x, y[2]);
    c[3] = add_product(c[3], x, y[3]);
    c[4] = add_product(c[4], x, y[4]);
    c[5] = add_product(c[5], x, y[5]);
    c[6] = add_product(c[6], x, y[6]);
    c[7] = add_product(c[7], x, y[7]);
    if (COLUMN_SUM) {
      sums[0] += y[0];
      sums[1] += y[1];
      sums[2] += y[2];
      sums[3] += y[3];
      sums[4] += y[4];
      sums[5] += y[5];
      sums[6] += y[6];
      sums[7] += y[7];
    }
  }
  store_quads(tile, 4u, 8u, c);
  store_sums(tile, 32u, sums);
}

@compute @workgroup_size(LANES)
fn convolution_registers_8x16(at: Invocation) {
  let tile = tile_of(at, 8u, 16u);
  if (tile.outside) { return; }
  var walk = walk_of(tile);
  let above = rows_at(tile, walk, tile.row);
  let below = rows_at(tile, walk, tile.row + 4u);
  let columns = columns_of(tile, at);
  var c = Quads();
  var sums = Octet();
  for (var done = 0u; done < walk.steps; done++) {
    let step = step_of(walk);
    advance(&walk);
    let y = b_loads(columns, step);
    let x0 = a_load(above, step);
    c[0] = add_product(c[0], x0, y[0]);
    c[1] = add_product(c[1], x0, y[1]);
    c[2] = add_product(c[2], x0, y[2]);
    c[3] = add_product(c[3], x0, y[3]);
    let x1 = a_load(below, step);
    c[4] = add_product(c[4], x1, y[0]);
    c[5] = add_product(c[5], x1, y[1]);
    c[6] = add_product(c[6], x1, y[2]);
    c[7] = add_product(c[7], x1, y[3]);
    if (COLUMN_SUM) {
      sums[0] += y[0];
      sums[1] += y[1];
      sums[2] += y[2];
      sums[3] += y[3];
    }
  }
  store_quads(tile, 8u, 4u, c);
  store_sums(tile, 16u, sums);
}

@compute @workgroup_size(LANES)
fn convolution_registers_8x8(at: Invocation) {
  let tile = tile_of(at, 8u, 8u);
  if (tile.outside) { return; }
  var walk = walk_of(tile);
  let above = rows_at(tile, walk, tile.row);
  let below = rows_at(tile, walk, tile.row + 4u);
  let columns = columns_of(tile, at);
  var c = Quads();
  var sums = Octet();
  for (var done = 0u; done < walk.steps; done++) {
    let step = step_of(walk);
    advance(&walk);
    let y = b_loads(columns, step);
    let x0 = a_load(above, step);
    c[0] = add_product(c[0], x0, y[0]);
    c[1] = add_product(c[1], x0, y[1]);
    let x1 = a_load(below, step);
    c[2] = add_product(c[2], x1, y[0]);
    c[3] = add_product(c[3], x1, y[1]);
    if (COLUMN_SUM) {
      sums[0] += y[0];
      sums[1] += y[1];
    }
  }
  store_quads(tile, 8u, 2u, c);
  store_sums(tile, 8u, sums);
}

@compute @workgroup_size(LANES)
fn convolution_registers_8x4(at: Invocation) {
  let tile = tile_of(at, 8u, 4u);
  if (tile.outside) { return; }
  var walk = walk_of(tile);
  let above = rows_at(tile, walk, tile.row);
  let below = rows_at(tile, walk, tile.row + 4u);
  let columns = columns_of(tile, at);
  var c = Quads();
  var sums = Octet();
  for (var done = 0u; done < walk.steps; done++) {
    let step = step_of(walk);
    advance(&walk);
    let y = b_loads(columns, step);
    let x0 = a_load(above, step);
    c[0] = add_product(c[0], x0, y[0]);
    let x1 = a_load(below, step);
    c[1] = add_product(c[1], x1, y[0]);
    if (COLUMN_SUM) {
      sums[0] += y[0];
    }
  }
  store_quads(tile, 8u, 1u, c);
  store_sums(tile, 4u, sums);
}
