// Convolutions as matrix products, without workgroup memory: every invocation keeps a tile of the result in registers.
//
//   C[row, column] = epilogue( Σ_steps Σ_i A[row, step, i] · B[step, i, column] )
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
//   [a]            │ c00      │ c01      │                  loop in a loop costs more than the arithmetic of a step.
//   [a]            │ 4×4      │ 4×4      │
//   [a]            ├──────────┼──────────┤                  tile 8×8: Quads c00, c01, c10, c11; tiles are numbered along the
//   [a]            │ c10      │ c11      │                  columns, then groups, rows, and copies: the phases of a strided
//                  └──────────┴──────────┘                  gradient to the input, or the parts of a split sum
//
// For adapters whose processor is the GPU, where barriers are dear: 8x16, and 8x8 or 8x4 for fewer columns. Where i comes in
// quads the loop is WIDE, four steps at once. With a column sum the kernel also gives Σ B, the bias gradient.
//
// specialise
alias elem = f32;
alias elem4 = vec4<f32>;
struct Params {
  rows: u32,
  columns: u32, // of a group
  inner: u32, // i of each u, v; quads of them in a wide loop
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
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
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
  rows.at = pixel * (params.source_channels / 4u) + tile.group * params.inner;
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
  step.a = (step.down * params.source_w + step.across) * (params.source_channels / 4u) + walk.i;
  step.b = ((r * params.cells_w + s) * params.filter_tap + walk.i * params.result_channels * 4u) / 4u;
  return step;
}
fn a_block(rows: Rows, step: Step) -> Quad {
  let at = rows.at + step.a;
  let is_inside = inside(rows, step);
  return turn(select(elem4(), a[at.x], is_inside.x), select(elem4(), a[at.y], is_inside.y), select(elem4(), a[at.z], is_inside.z), select(elem4(), a[at.w], is_inside.w));
}
fn b_block(columns: vec4<u32>, step: Step) -> Quad {
  let at = columns + step.b;
  let stride = params.result_channels / 4u;
  let second = at + stride;
  let third = second + stride;
  let fourth = third + stride;
  return Quad(b[at.x], b[second.x], b[third.x], b[fourth.x]);
}
fn result_row(tile: Tile, row: u32) -> u32 { return select(NOWHERE, row, row < params.rows); }
fn a_load(rows: Rows, step: Step) -> elem4 { return elem4(); }
fn b_load(columns: vec4<u32>, step: Step) -> elem4 { return elem4(); }
const WIDE = true;
// end

const FOLD_WIDTH = 32768u;
const LANES = 16u;
const NOWHERE = 0xffffffffu;

// Four rows of four columns.
alias Quad = array<elem4, 4>;

// Four rows of A: where they begin, and their coordinates in the image before a step is added.
struct Rows {
  at: vec4<u32>,
  h: vec4<u32>,
  w: vec4<u32>,
}

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

fn add_product(quad: ptr<function, Quad>, x: elem4, y: elem4) {
  (*quad)[0] = fma(elem4(x.x), y, (*quad)[0]);
  (*quad)[1] = fma(elem4(x.y), y, (*quad)[1]);
  (*quad)[2] = fma(elem4(x.z), y, (*quad)[2]);
  (*quad)[3] = fma(elem4(x.w), y, (*quad)[3]);
}

fn add_sum(sum: ptr<function, elem4>, y: elem4) {
  if (COLUMN_SUM) {
    *sum += y;
  }
}

// Four steps of i at once.
fn add_block(quad: ptr<function, Quad>, x: Quad, y: Quad) {
  add_product(quad, x[0], y[0]);
  add_product(quad, x[1], y[1]);
  add_product(quad, x[2], y[2]);
  add_product(quad, x[3], y[3]);
}

fn turn(x: elem4, y: elem4, z: elem4, w: elem4) -> Quad {
  return Quad(
    elem4(x.x, y.x, z.x, w.x),
    elem4(x.y, y.y, z.y, w.y),
    elem4(x.z, y.z, z.z, w.z),
    elem4(x.w, y.w, z.w, w.w));
}

fn tile_of(wid: vec3<u32>, lane: u32, height: u32, width: u32) -> Tile {
  let index = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  let in_group = index / params.column_tiles;
  let above = in_group / params.groups;
  var tile: Tile;
  tile.outside = index >= params.tiles;
  tile.column = index % params.column_tiles * width;
  tile.group = in_group % params.groups;
  tile.row = above % params.row_tiles * height;
  tile.copy = above / params.row_tiles;
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

// `at` is a row of the result.
fn store_row(tile: Tile, at: u32, column: u32, value: elem4) {
  if (at != NOWHERE && column < params.columns) {
    store_four(at, tile.group * params.columns + column, params.columns - column, value);
  }
}

fn store_sums(tile: Tile, column: u32, sums: elem4) {
  if (!COLUMN_SUM || tile.row != 0u) {
    return;
  }
  for (var j = 0u; j < 4u; j++) {
    if (column + j < params.columns) {
      store_sum(tile.copy * params.result_channels + tile.group * params.columns + column + j, sums[j]);
    }
  }
}

@compute @workgroup_size(LANES)
fn convolution_registers_8x16(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile = tile_of(wid, lane, 8u, 16u);
  if (tile.outside) { return; }
  var walk = walk_of(tile);
  let rows0 = rows_at(tile, walk, tile.row);
  let rows1 = rows_at(tile, walk, tile.row + 4u);
  var c00 = Quad();
  var c01 = Quad();
  var c02 = Quad();
  var c03 = Quad();
  var c10 = Quad();
  var c11 = Quad();
  var c12 = Quad();
  var c13 = Quad();
  var s0 = elem4();
  var s1 = elem4();
  var s2 = elem4();
  var s3 = elem4();
  let b0 = columns_at(tile, tile.column);
  let b1 = columns_at(tile, tile.column + 4u);
  let b2 = columns_at(tile, tile.column + 8u);
  let b3 = columns_at(tile, tile.column + 12u);
  for (var done = 0u; done < walk.steps; done++) {
    let step = step_of(walk);
    advance(&walk);
    if (WIDE) {
      let x0 = a_block(rows0, step);
      let x1 = a_block(rows1, step);
      let y0 = b_block(b0, step);
      add_block(&c00, x0, y0);
      add_block(&c10, x1, y0);
      let y1 = b_block(b1, step);
      add_block(&c01, x0, y1);
      add_block(&c11, x1, y1);
      let y2 = b_block(b2, step);
      add_block(&c02, x0, y2);
      add_block(&c12, x1, y2);
      let y3 = b_block(b3, step);
      add_block(&c03, x0, y3);
      add_block(&c13, x1, y3);
    } else {
      let x0 = a_load(rows0, step);
      let x1 = a_load(rows1, step);
      let y0 = b_load(b0, step);
      add_product(&c00, x0, y0);
      add_product(&c10, x1, y0);
      add_sum(&s0, y0);
      let y1 = b_load(b1, step);
      add_product(&c01, x0, y1);
      add_product(&c11, x1, y1);
      add_sum(&s1, y1);
      let y2 = b_load(b2, step);
      add_product(&c02, x0, y2);
      add_product(&c12, x1, y2);
      add_sum(&s2, y2);
      let y3 = b_load(b3, step);
      add_product(&c03, x0, y3);
      add_product(&c13, x1, y3);
      add_sum(&s3, y3);
    }
  }
  var quads = array<Quad, 8>(c00, c01, c02, c03, c10, c11, c12, c13);
  for (var row = 0u; row < 8u; row++) {
    let at = result_row(tile, tile.row + row);
    for (var column = 0u; column < 4u; column++) {
      store_row(tile, at, tile.column + column * 4u, quads[row / 4u * 4u + column][row % 4u]);
    }
  }
  store_sums(tile, tile.column, s0);
  store_sums(tile, tile.column + 4u, s1);
  store_sums(tile, tile.column + 8u, s2);
  store_sums(tile, tile.column + 12u, s3);
}

@compute @workgroup_size(LANES)
fn convolution_registers_8x8(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile = tile_of(wid, lane, 8u, 8u);
  if (tile.outside) { return; }
  var walk = walk_of(tile);
  let rows0 = rows_at(tile, walk, tile.row);
  let rows1 = rows_at(tile, walk, tile.row + 4u);
  var c00 = Quad();
  var c01 = Quad();
  var c10 = Quad();
  var c11 = Quad();
  var s0 = elem4();
  var s1 = elem4();
  let b0 = columns_at(tile, tile.column);
  let b1 = columns_at(tile, tile.column + 4u);
  for (var done = 0u; done < walk.steps; done++) {
    let step = step_of(walk);
    advance(&walk);
    if (WIDE) {
      let x0 = a_block(rows0, step);
      let x1 = a_block(rows1, step);
      let y0 = b_block(b0, step);
      add_block(&c00, x0, y0);
      add_block(&c10, x1, y0);
      let y1 = b_block(b1, step);
      add_block(&c01, x0, y1);
      add_block(&c11, x1, y1);
    } else {
      let x0 = a_load(rows0, step);
      let x1 = a_load(rows1, step);
      let y0 = b_load(b0, step);
      add_product(&c00, x0, y0);
      add_product(&c10, x1, y0);
      add_sum(&s0, y0);
      let y1 = b_load(b1, step);
      add_product(&c01, x0, y1);
      add_product(&c11, x1, y1);
      add_sum(&s1, y1);
    }
  }
  var quads = array<Quad, 4>(c00, c01, c10, c11);
  for (var row = 0u; row < 8u; row++) {
    let at = result_row(tile, tile.row + row);
    for (var column = 0u; column < 2u; column++) {
      store_row(tile, at, tile.column + column * 4u, quads[row / 4u * 2u + column][row % 4u]);
    }
  }
  store_sums(tile, tile.column, s0);
  store_sums(tile, tile.column + 4u, s1);
}

@compute @workgroup_size(LANES)
fn convolution_registers_8x4(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile = tile_of(wid, lane, 8u, 4u);
  if (tile.outside) { return; }
  var walk = walk_of(tile);
  let rows0 = rows_at(tile, walk, tile.row);
  let rows1 = rows_at(tile, walk, tile.row + 4u);
  var c00 = Quad();
  var c10 = Quad();
  var s0 = elem4();
  let b0 = columns_at(tile, tile.column);
  for (var done = 0u; done < walk.steps; done++) {
    let step = step_of(walk);
    advance(&walk);
    if (WIDE) {
      let x0 = a_block(rows0, step);
      let x1 = a_block(rows1, step);
      let y0 = b_block(b0, step);
      add_block(&c00, x0, y0);
      add_block(&c10, x1, y0);
    } else {
      let x0 = a_load(rows0, step);
      let x1 = a_load(rows1, step);
      let y0 = b_load(b0, step);
      add_product(&c00, x0, y0);
      add_product(&c10, x1, y0);
      add_sum(&s0, y0);
    }
  }
  var quads = array<Quad, 2>(c00, c10);
  for (var row = 0u; row < 8u; row++) {
    let at = result_row(tile, tile.row + row);
    store_row(tile, at, tile.column, quads[row / 4u][row % 4u]);
  }
  store_sums(tile, tile.column, s0);
}
