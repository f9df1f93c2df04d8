// Convolutions as matrix products through workgroup memory, for GPUs.
//
//   C[row, column] = epilogue( Σ_steps A[row, step] · B[step, column] )
//
// The rows, columns and steps are those of convolution.wgsl, and so are the functions that find A and B; the tiles are those
// of matmul-tiled.wgsl:
//
//                     TILE columns
//                   ┌────────────────┐ b_tile [16 steps][TILE]   A workgroup of 2·TILE invocations makes a TILE×TILE tile of
//                   └────────────────┘                           C. For each 16 steps, the first half of the invocations
//        a_tile     ┌────────────────┐                           stages A and the second half B, one block of 4×4 each.
//        [16 steps] │ c0 . .         │
//        [TILE]     │ . . .          │ TILE rows                 32: one Quad (4×4) of C for each invocation
//                   │ c1 . .         │                           64: two, half a tile apart
//                   └────────────────┘
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
  staged: u32, // how often 16 steps are staged
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
const TILE = 64u;
// end

const FOLD_WIDTH = 32768u;
const NOWHERE = 0xffffffffu;
const STEPS = 16u;
const EDGE = TILE / 4u;
const THREADS = TILE * 2u;

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
}

var<workgroup> a_tile: array<elem4, STEPS * EDGE>;
var<workgroup> b_tile: array<elem4, STEPS * EDGE>;

fn add_product(quad: ptr<function, Quad>, x: elem4, y: elem4) {
  (*quad)[0] = fma(elem4(x.x), y, (*quad)[0]);
  (*quad)[1] = fma(elem4(x.y), y, (*quad)[1]);
  (*quad)[2] = fma(elem4(x.z), y, (*quad)[2]);
  (*quad)[3] = fma(elem4(x.w), y, (*quad)[3]);
}

fn turn(x: elem4, y: elem4, z: elem4, w: elem4) -> Quad {
  return Quad(
    elem4(x.x, y.x, z.x, w.x),
    elem4(x.y, y.y, z.y, w.y),
    elem4(x.z, y.z, z.z, w.z),
    elem4(x.w, y.w, z.w, w.w));
}

fn tile_of(index: u32) -> Tile {
  let in_group = index / params.column_tiles;
  let above = in_group / params.groups;
  var tile: Tile;
  tile.column = index % params.column_tiles * TILE;
  tile.group = in_group % params.groups;
  tile.row = above % params.row_tiles * TILE;
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

// `walk`, begun by walk_of, after `steps` steps.
fn skip(walk: Walk, steps: u32) -> Walk {
  var later = walk;
  let lines = walk.v + steps / params.inner;
  later.i = steps % params.inner;
  later.v = lines % max(walk.minor, 1u);
  later.u = walk.u + lines / max(walk.minor, 1u);
  return later;
}

// Four steps of four rows or columns, zero past the end. A wide step is four already.
fn stage(walk: Walk, rows: Rows, columns: vec4<u32>, is_a: bool, block: u32, edge: u32) {
  var quad = Quad();
  if (WIDE) {
    if (block < walk.steps) {
      let step = step_of(skip(walk, block));
      if (is_a) {
        quad = a_block(rows, step);
      } else {
        quad = b_block(columns, step);
      }
    }
  } else {
    var at = skip(walk, block * 4u);
    for (var k = 0u; k < 4u; k++) {
      if (block * 4u + k < walk.steps) {
        let step = step_of(at);
        if (is_a) {
          quad[k] = a_load(rows, step);
        } else {
          quad[k] = b_load(columns, step);
        }
      }
      advance(&at);
    }
  }
  let first = block % 4u * 4u * EDGE + edge;
  for (var k = 0u; k < 4u; k++) {
    if (is_a) {
      a_tile[first + k * EDGE] = quad[k];
    } else {
      b_tile[first + k * EDGE] = quad[k];
    }
  }
}

// Σ over the staged steps, kept by the first EDGE lanes: four columns each.
fn staged_sum(lane: u32) -> elem4 {
  var sum = elem4();
  for (var k = 0u; k < STEPS; k++) {
    sum += b_tile[k * EDGE + lane % EDGE];
  }
  return sum;
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

fn store_quad(tile: Tile, row: u32, column: u32, quad: Quad) {
  for (var i = 0u; i < 4u; i++) {
    store_row(tile, result_row(tile, row + i), column, quad[i]);
  }
}

@compute @workgroup_size(THREADS)
fn convolution_tiled_32(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = wid.y * FOLD_WIDTH + wid.x;
  if (index >= params.tiles) {
    return;
  }
  let tile = tile_of(index);
  let walk = walk_of(tile);
  let is_a = lane < TILE;
  let block = lane % TILE / EDGE;
  let edge = lane % EDGE;
  let rows = rows_at(tile, walk, tile.row + edge * 4u);
  let columns = columns_at(tile, tile.column + edge * 4u);
  let row = lane / EDGE;
  let column = lane % EDGE;
  var c0 = Quad();
  var sum = elem4();
  for (var t = 0u; t < params.staged; t++) {
    stage(walk, rows, columns, is_a, t * 4u + block, edge);
    workgroupBarrier();
    for (var k = 0u; k < STEPS; k++) {
      let y = b_tile[k * EDGE + column];
      add_product(&c0, a_tile[k * EDGE + row], y);
    }
    if (COLUMN_SUM && tile.row == 0u) {
      sum += staged_sum(lane);
    }
    workgroupBarrier();
  }
  store_quad(tile, tile.row + row * 4u, tile.column + column * 4u, c0);
  if (COLUMN_SUM && lane < EDGE) {
    store_sums(tile, tile.column + lane * 4u, sum);
  }
}

@compute @workgroup_size(THREADS)
fn convolution_tiled_64(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = wid.y * FOLD_WIDTH + wid.x;
  if (index >= params.tiles) {
    return;
  }
  let tile = tile_of(index);
  let walk = walk_of(tile);
  let is_a = lane < TILE;
  let block = lane % TILE / EDGE;
  let edge = lane % EDGE;
  let rows = rows_at(tile, walk, tile.row + edge * 4u);
  let columns = columns_at(tile, tile.column + edge * 4u);
  let row = lane / EDGE;
  let column = lane % EDGE;
  var c0 = Quad();
  var c1 = Quad();
  var sum = elem4();
  for (var t = 0u; t < params.staged; t++) {
    stage(walk, rows, columns, is_a, t * 4u + block, edge);
    workgroupBarrier();
    for (var k = 0u; k < STEPS; k++) {
      let y = b_tile[k * EDGE + column];
      add_product(&c0, a_tile[k * EDGE + row], y);
      add_product(&c1, a_tile[k * EDGE + EDGE / 2u + row], y);
    }
    if (COLUMN_SUM && tile.row == 0u) {
      sum += staged_sum(lane);
    }
    workgroupBarrier();
  }
  store_quad(tile, tile.row + row * 4u, tile.column + column * 4u, c0);
  store_quad(tile, tile.row + TILE / 2u + row * 4u, tile.column + column * 4u, c1);
  if (COLUMN_SUM && lane < EDGE) {
    store_sums(tile, tile.column + lane * 4u, sum);
  }
}
