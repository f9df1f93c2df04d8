// Matrix product through workgroup memory, for GPUs.
//
//   C[row, col] = epilogue( Σ_k A[row, k] · B[k, col] ),   C [M, N], A [M, K] or [K, M], B [K, N] or [N, K]
//
//                     TILE columns
//                   ┌────────────────┐ b_tile [16 k][TILE]      A workgroup of 2·TILE invocations makes a TILE×TILE tile
//                   └────────────────┘                          of C. For each 16 steps of k, the first half of the
//        a_tile     ┌────────────────┐                          invocations stages A and the second half B, one block of
//        [16 k]     │ c0 . . c1 . .  │                          4×4 each; A is turned while it is staged, so that both
//        [TILE]     │ . . . . . . .  │ TILE rows                are read back as vec4 along the tile's edge.
//        (turned)   │ c2 . . c3 . .  │
//                   └────────────────┘                          c0 … c3: the Quads (4×4) of one invocation
//
// 32: one Quad per invocation, for small results. 64: two Quads, half a tile apart. 128: four Quads, for large results;
// its staging takes all of the 16,384 bytes that WebGPU guarantees.
// Extents come from `params`; what is baked is where vec4 loads and stores fit. Split-K (`parts`, `chunk`) and the
// column sum are as in matmul-registers.wgsl; here the sum is taken from the staged tile by the first row of workgroups.
//
// specialise
alias elem = f32; // as stored and accumulated
alias elem4 = vec4<f32>;
struct Params {
  rows: u32,
  columns: u32,
  inner: u32,
  row_tiles: u32,
  column_tiles: u32,
  tiles: u32,
  parts: u32,
  chunk: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<elem4>;
@group(0) @binding(2) var<storage, read> b: array<elem4>;
@group(0) @binding(3) var<storage, read_write> c: array<elem4>;
fn batch_start(batch: u32) -> vec2<u32> { return vec2<u32>(0u); }
// Four rows of A (columns of B), four steps of k: one vec4 along the rows (columns) for each k, zero from k = end on.
fn a_block(start: u32, row: u32, k: u32, end: u32) -> Quad {
  let at = (vec4<u32>(start + min(k, params.inner - 4u)) + min(vec4<u32>(row) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.rows - 1u)) * params.inner) / 4u;
  return keep(turn(a[at.x], a[at.y], a[at.z], a[at.w]), k, end);
}
fn b_block(start: u32, column: u32, k: u32, end: u32) -> Quad {
  let at = (vec4<u32>(start + min(column, params.columns - 4u)) + min(vec4<u32>(k) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.inner - 1u)) * params.columns) / 4u;
  return keep(Quad(b[at.x], b[at.y], b[at.z], b[at.w]), k, end);
}
fn mad(x: elem, y: elem4, z: elem4) -> elem4 { return fma(elem4(x), y, z); }
fn epilogue(value: elem, row: u32, col: u32) -> elem { return value; }
fn store_row(row: u32, column: u32, value: elem4) {
  c[(row * params.columns + column) / 4u] = elem4(
    epilogue(value.x, row, column),
    epilogue(value.y, row, column + 1u),
    epilogue(value.z, row, column + 2u),
    epilogue(value.w, row, column + 3u));
}
const COLUMN_SUM = false;
fn store_sum(index: u32, value: elem) {}
const A_K_FASTEST = true;
const B_K_FASTEST = false;
const TILE = 64u;
// end

const FOLD_WIDTH = 32768u;
const K_STEP = 16u;
const EDGE = TILE / 4u;
const THREADS = TILE * 2u;

// Four steps of k of four rows or columns; as a result, four rows of four columns.
alias Quad = array<elem4, 4>;

var<workgroup> a_tile: array<elem4, K_STEP * EDGE>;
var<workgroup> b_tile: array<elem4, K_STEP * EDGE>;

fn turn(x: elem4, y: elem4, z: elem4, w: elem4) -> Quad {
  return Quad(
    elem4(x.x, y.x, z.x, w.x),
    elem4(x.y, y.y, z.y, w.y),
    elem4(x.z, y.z, z.z, w.z),
    elem4(x.w, y.w, z.w, w.w));
}

fn keep(quad: Quad, k: u32, end: u32) -> Quad {
  let none = elem4();
  return Quad(
    select(none, quad[0], k < end),
    select(none, quad[1], k + 1u < end),
    select(none, quad[2], k + 2u < end),
    select(none, quad[3], k + 3u < end));
}

fn add_product(quad: ptr<function, Quad>, x: elem4, y: elem4) {
  (*quad)[0] = mad(x.x, y, (*quad)[0]);
  (*quad)[1] = mad(x.y, y, (*quad)[1]);
  (*quad)[2] = mad(x.z, y, (*quad)[2]);
  (*quad)[3] = mad(x.w, y, (*quad)[3]);
}

struct Tile {
  row: u32,
  column: u32,
  copy: u32, // which copy of C: batch · parts + part
  part: u32,
  a_start: u32,
  b_start: u32,
  k: u32,
  end: u32,
}

fn tile_of(index: u32) -> Tile {
  var tile: Tile;
  tile.column = index % params.column_tiles * TILE;
  let above = index / params.column_tiles;
  tile.row = above % params.row_tiles * TILE;
  tile.copy = above / params.row_tiles;
  tile.part = tile.copy % params.parts;
  let starts = batch_start(tile.copy / params.parts);
  tile.a_start = starts.x;
  tile.b_start = starts.y;
  tile.k = min(tile.part * params.chunk, params.inner);
  tile.end = min(tile.k + params.chunk, params.inner);
  return tile;
}

fn stage(tile: Tile, k: u32, lane: u32) {
  if (lane < TILE) {
    let block = select(lane / EDGE, lane % 4u, A_K_FASTEST);
    let edge = select(lane % EDGE, lane / 4u, A_K_FASTEST);
    let quad = a_block(tile.a_start, tile.row + edge * 4u, k + block * 4u, tile.end);
    let at = block * 4u * EDGE + edge;
    a_tile[at] = quad[0];
    a_tile[at + EDGE] = quad[1];
    a_tile[at + 2u * EDGE] = quad[2];
    a_tile[at + 3u * EDGE] = quad[3];
  } else {
    let other = lane - TILE;
    let block = select(other / EDGE, other % 4u, B_K_FASTEST);
    let edge = select(other % EDGE, other / 4u, B_K_FASTEST);
    let quad = b_block(tile.b_start, tile.column + edge * 4u, k + block * 4u, tile.end);
    let at = block * 4u * EDGE + edge;
    b_tile[at] = quad[0];
    b_tile[at + EDGE] = quad[1];
    b_tile[at + 2u * EDGE] = quad[2];
    b_tile[at + 3u * EDGE] = quad[3];
  }
}

// Σ over the staged steps of k, kept by the first EDGE lanes: four columns each.
fn staged_sum(lane: u32) -> elem4 {
  var sum = elem4();
  for (var k = 0u; k < K_STEP; k++) {
    sum += b_tile[k * EDGE + lane % EDGE];
  }
  return sum;
}

fn store_sums(tile: Tile, lane: u32, sum: elem4) {
  if (tile.row != 0u || lane >= EDGE) {
    return;
  }
  let column = tile.column + lane * 4u;
  for (var j = 0u; j < 4u; j++) {
    if (column + j < params.columns) {
      store_sum(tile.part * params.columns + column + j, sum[j]);
    }
  }
}

fn store_quad(tile: Tile, row: u32, column: u32, quad: Quad) {
  if (column >= params.columns) {
    return;
  }
  let first = tile.copy * params.rows;
  if (row < params.rows) {
    store_row(first + row, column, quad[0]);
  }
  if (row + 1u < params.rows) {
    store_row(first + row + 1u, column, quad[1]);
  }
  if (row + 2u < params.rows) {
    store_row(first + row + 2u, column, quad[2]);
  }
  if (row + 3u < params.rows) {
    store_row(first + row + 3u, column, quad[3]);
  }
}

@compute @workgroup_size(THREADS)
fn matmul_tiled_32(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = wid.y * FOLD_WIDTH + wid.x;
  if (index >= params.tiles) {
    return;
  }
  let tile = tile_of(index);
  let tile_steps = (params.chunk + K_STEP - 1u) / K_STEP;
  let row = lane / EDGE;
  let column = lane % EDGE;
  var c0 = Quad();
  var sum = elem4();
  for (var t = 0u; t < tile_steps; t++) {
    stage(tile, tile.k + t * K_STEP, lane);
    workgroupBarrier();
    for (var k = 0u; k < K_STEP; k++) {
      add_product(&c0, a_tile[k * EDGE + row], b_tile[k * EDGE + column]);
    }
    if (COLUMN_SUM && tile.row == 0u) {
      sum += staged_sum(lane);
    }
    workgroupBarrier();
  }
  store_quad(tile, tile.row + row * 4u, tile.column + column * 4u, c0);
  if (COLUMN_SUM) {
    store_sums(tile, lane, sum);
  }
}

@compute @workgroup_size(THREADS)
fn matmul_tiled_64(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = wid.y * FOLD_WIDTH + wid.x;
  if (index >= params.tiles) {
    return;
  }
  let tile = tile_of(index);
  let tile_steps = (params.chunk + K_STEP - 1u) / K_STEP;
  let row = lane / EDGE;
  let column = lane % EDGE;
  var c0 = Quad();
  var c1 = Quad();
  var sum = elem4();
  for (var t = 0u; t < tile_steps; t++) {
    stage(tile, tile.k + t * K_STEP, lane);
    workgroupBarrier();
    for (var k = 0u; k < K_STEP; k++) {
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
  if (COLUMN_SUM) {
    store_sums(tile, lane, sum);
  }
}

@compute @workgroup_size(THREADS)
fn matmul_tiled_128(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = wid.y * FOLD_WIDTH + wid.x;
  if (index >= params.tiles) {
    return;
  }
  let tile = tile_of(index);
  let tile_steps = (params.chunk + K_STEP - 1u) / K_STEP;
  let row = lane / (EDGE / 2u);
  let column = lane % (EDGE / 2u);
  var c0 = Quad();
  var c1 = Quad();
  var c2 = Quad();
  var c3 = Quad();
  var sum = elem4();
  for (var t = 0u; t < tile_steps; t++) {
    stage(tile, tile.k + t * K_STEP, lane);
    workgroupBarrier();
    for (var k = 0u; k < K_STEP; k++) {
      let x0 = a_tile[k * EDGE + row];
      let x1 = a_tile[k * EDGE + EDGE / 2u + row];
      let y0 = b_tile[k * EDGE + column];
      let y1 = b_tile[k * EDGE + EDGE / 2u + column];
      add_product(&c0, x0, y0);
      add_product(&c1, x0, y1);
      add_product(&c2, x1, y0);
      add_product(&c3, x1, y1);
    }
    if (COLUMN_SUM && tile.row == 0u) {
      sum += staged_sum(lane);
    }
    workgroupBarrier();
  }
  let top = tile.row + row * 4u;
  let left = tile.column + column * 4u;
  store_quad(tile, top, left, c0);
  store_quad(tile, top, left + TILE / 2u, c1);
  store_quad(tile, top + TILE / 2u, left, c2);
  store_quad(tile, top + TILE / 2u, left + TILE / 2u, c3);
  if (COLUMN_SUM) {
    store_sums(tile, lane, sum);
  }
}
