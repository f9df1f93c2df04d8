// Matrix product without workgroup memory: every invocation keeps a tile of C in registers.
//
//   C[row, col] = epilogue( Σ_k A[row, k] · B[k, col] ),   C [M, N], A [M, K] or [K, M], B [K, N] or [N, K]
//
//                 B   k ↓  [b b b b | b b b b | …]       a step of k reads the tile's rows of A and columns of B
//                                                        and adds their outer product, 4×4 numbers (a Quad) at a time
//   A  k →     ┌──────────┬─────────┐
//   [a]        │ c00      │ c01     │
//   [a]        │ 4×4      │ 4×4     │                    tile 8×8: Quads c00, c01, c10, c11
//   [a]        ├──────────┼─────────┤
//   [a]        │ c10      │ c11     │                    tiles are numbered along the columns, then the rows,
//              └──────────┴─────────┘                    then the parts of K, then the batch
//
// For adapters whose processor is the GPU: barriers and workgroup memory are dear there, and a load costs several
// multiplications, so large tiles win: 8x8, or 8x4 and 4x4 where that would leave lanes idle. For results too narrow for
// matmul-subgroups.wgsl, and for all where WGSL has no subgroups.
// No extent is baked: one compiled shader serves all layers, and the loop is as fast with its bound in `params`.
//
// With params.parts > 1 each part sums its own `chunk` of K into its own copy of C (split-K; matmul-combine.wgsl adds
// the copies). With a column sum the kernel also gives Σ_k B[k, col], the bias gradient beside A = xᵀ, B = dy.
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
@group(0) @binding(1) var<storage, read> a: array<elem>;
@group(0) @binding(2) var<storage, read> b: array<elem>;
@group(0) @binding(3) var<storage, read_write> c: array<elem>;
fn batch_start(batch: u32) -> vec2<u32> { return vec2<u32>(0u); }
// Where four rows of A (columns of B) start, and their elements k steps further on. Past the edge the last one repeats.
fn a_base(start: u32, lane: u32, k: u32) -> vec4<u32> {
  return vec4<u32>(start + k) + min(vec4<u32>(lane) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.rows - 1u)) * params.inner;
}
fn a_load(base: vec4<u32>, k: u32) -> elem4 {
  let at = base + k;
  return elem4(a[at.x], a[at.y], a[at.z], a[at.w]);
}
fn b_base(start: u32, lane: u32, k: u32) -> vec4<u32> {
  return vec4<u32>(start + k * params.columns) + min(vec4<u32>(lane) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.columns - 1u));
}
fn b_load(base: vec4<u32>, k: u32) -> elem4 {
  let at = base + k * params.columns;
  return elem4(b[at.x], b[at.y], b[at.z], b[at.w]);
}
fn mad(x: elem, y: elem4, z: elem4) -> elem4 { return fma(elem4(x), y, z); }
fn epilogue(value: elem, row: u32, col: u32) -> elem { return value; }
const COLUMN_SUM = false;
fn store_sum(index: u32, value: elem) {}
// end

const FOLD_WIDTH = 32768u;
const LANES = 16u;

// Four rows of four columns.
alias Quad = array<elem4, 4>;

fn add_product(quad: ptr<function, Quad>, x: elem4, y: elem4) {
  (*quad)[0] = mad(x.x, y, (*quad)[0]);
  (*quad)[1] = mad(x.y, y, (*quad)[1]);
  (*quad)[2] = mad(x.z, y, (*quad)[2]);
  (*quad)[3] = mad(x.w, y, (*quad)[3]);
}

struct Tile {
  row: u32,
  column: u32,
  above: u32, // rows of C above the tile, those of other copies among them
  part: u32,
  a_start: u32,
  b_start: u32,
  k: u32,
  steps: u32,
  outside: bool,
}

fn tile_of(wid: vec3<u32>, lane: u32, height: u32, width: u32) -> Tile {
  let index = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  var tile: Tile;
  tile.outside = index >= params.tiles;
  tile.column = index % params.column_tiles * width;
  let above = index / params.column_tiles;
  tile.row = above % params.row_tiles * height;
  let copy = above / params.row_tiles;
  tile.above = copy * params.rows + tile.row;
  tile.part = copy % params.parts;
  let starts = batch_start(copy / params.parts);
  tile.a_start = starts.x;
  tile.b_start = starts.y;
  tile.k = min(tile.part * params.chunk, params.inner);
  tile.steps = min(params.chunk, params.inner - tile.k);
  return tile;
}

fn store_element(tile: Tile, row: u32, column: u32, value: elem) {
  if (column < params.columns) {
    let above = tile.above + row;
    c[above * params.columns + column] = epilogue(value, above, column);
  }
}

// The tile from its quads, row by row, `across` of them in each. The loop starts at a parameter's value, for compilers unroll one that has
// few turns, and would take seconds for so many copies of the epilogue.
fn store_tile(tile: Tile, height: u32, across: u32, quads: array<Quad, 4>) {
  var kept = quads;
  let end = min(tile.row + height, params.rows) * across;
  for (var turn = tile.row * across; turn < end; turn++) {
    let row = turn / across - tile.row;
    let place = turn % across;
    let column = tile.column + place * 4u;
    let values = kept[row / 4u * across + place][row % 4u];
    store_element(tile, row, column, values.x);
    store_element(tile, row, column + 1u, values.y);
    store_element(tile, row, column + 2u, values.z);
    store_element(tile, row, column + 3u, values.w);
  }
}

fn store_sums(tile: Tile, column: u32, sums: elem4) {
  if (!COLUMN_SUM || tile.row != 0u) {
    return;
  }
  for (var j = 0u; j < 4u; j++) {
    if (column + j < params.columns) {
      store_sum(tile.part * params.columns + column + j, sums[j]);
    }
  }
}

@compute @workgroup_size(LANES)
fn matmul_registers_8x8(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile = tile_of(wid, lane, 8u, 8u);
  if (tile.outside) {
    return;
  }
  let a0 = a_base(tile.a_start, tile.row, tile.k);
  let a1 = a_base(tile.a_start, tile.row + 4u, tile.k);
  let b0 = b_base(tile.b_start, tile.column, tile.k);
  let b1 = b_base(tile.b_start, tile.column + 4u, tile.k);
  var c00 = Quad();
  var c01 = Quad();
  var c10 = Quad();
  var c11 = Quad();
  var s0 = elem4();
  var s1 = elem4();
  for (var k = 0u; k < tile.steps; k++) {
    let x0 = a_load(a0, k);
    let x1 = a_load(a1, k);
    let y0 = b_load(b0, k);
    let y1 = b_load(b1, k);
    add_product(&c00, x0, y0);
    add_product(&c01, x0, y1);
    add_product(&c10, x1, y0);
    add_product(&c11, x1, y1);
    if (COLUMN_SUM) {
      s0 += y0;
      s1 += y1;
    }
  }
  store_tile(tile, 8u, 2u, array<Quad, 4>(c00, c01, c10, c11));
  store_sums(tile, tile.column, s0);
  store_sums(tile, tile.column + 4u, s1);
}

@compute @workgroup_size(LANES)
fn matmul_registers_8x4(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile = tile_of(wid, lane, 8u, 4u);
  if (tile.outside) {
    return;
  }
  let a0 = a_base(tile.a_start, tile.row, tile.k);
  let a1 = a_base(tile.a_start, tile.row + 4u, tile.k);
  let b0 = b_base(tile.b_start, tile.column, tile.k);
  var c0 = Quad();
  var c1 = Quad();
  var s0 = elem4();
  for (var k = 0u; k < tile.steps; k++) {
    let y0 = b_load(b0, k);
    add_product(&c0, a_load(a0, k), y0);
    add_product(&c1, a_load(a1, k), y0);
    if (COLUMN_SUM) {
      s0 += y0;
    }
  }
  store_tile(tile, 8u, 1u, array<Quad, 4>(c0, c1, Quad(), Quad()));
  store_sums(tile, tile.column, s0);
}

@compute @workgroup_size(LANES)
fn matmul_registers_4x4(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile = tile_of(wid, lane, 4u, 4u);
  if (tile.outside) {
    return;
  }
  let a0 = a_base(tile.a_start, tile.row, tile.k);
  let b0 = b_base(tile.b_start, tile.column, tile.k);
  var c0 = Quad();
  var s0 = elem4();
  for (var k = 0u; k < tile.steps; k++) {
    let y0 = b_load(b0, k);
    add_product(&c0, a_load(a0, k), y0);
    if (COLUMN_SUM) {
      s0 += y0;
    }
  }
  store_tile(tile, 4u, 1u, array<Quad, 4>(c0, Quad(), Quad(), Quad()));
  store_sums(tile, tile.column, s0);
}
