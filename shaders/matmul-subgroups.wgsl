// Matrix product by subgroups: neighbouring invocations share the rows of A that they load. No workgroup memory.
//
//   C[row, col] = epilogue( Σ_k A[row, k] · B[k, col] ),   C [M, N], A [M, K] or [K, M], B [K, N] or [N, K]
//
//   invocation    0          1          2    …       0          1    …
//   B  k →        [b b b b]  [b b b b]  [b b …       [b b b b]  [b b …
//   A  k →       ┌─────────┬─────────┬─────────┬─   ┬─────────┬───────
//   [a]   of 0   │ c00     │ c00     │ c00     │    │ c01     │ c01      a workgroup is one subgroup; it makes a tile of 16 rows and
//   [a]   of 1   │ 8×4     │ 8×4     │ 8×4     │ …  │ 8×4     │ 8×4  …   8 columns for each invocation, as Octets (8×4 numbers).
//    …           ├─────────┼─────────┼─────────┼─   ┼─────────┼───────
//   [a]   of 0   │ c10     │ c10     │ c10     │    │ c11     │ c11      In a step of k every invocation loads its own columns of B,
//    …           │ 8×4     │ 8×4     │ 8×4     │ …  │ 8×4     │ 8×4  …   but only some rows of A: it is told the others.
//
// For adapters whose processor is the GPU. There a load takes as long as several multiplications, for each invocation of a
// subgroup by itself, even where all load the same; a value told to a subgroup costs next to nothing. 16x8 is for large results, 16x4
// and 8x4 are for those that would leave its invocations idle. No extent is baked: one compiled shader serves all layers.
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
const LANES = 1u; // invocations of a subgroup
struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32, // in its subgroup
}
// Where an invocation's share of eight rows of A starts, and all eight rows k steps further on.
fn a_base(start: u32, row: u32, lane: u32, k: u32) -> vec2<u32> {
  return vec2<u32>(start + k + row * params.inner, params.inner);
}
fn a_load(base: vec2<u32>, k: u32) -> Eight {
  let x = vec4<u32>(base.x + k) + vec4<u32>(0u, 1u, 2u, 3u) * base.y;
  let y = x + 4u * base.y;
  return Eight(elem4(a[x.x], a[x.y], a[x.z], a[x.w]), elem4(a[y.x], a[y.y], a[y.z], a[y.w]));
}
// Where four columns of B start, and their elements k steps further on. Past the edge the last one repeats.
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

// Eight rows of A at one k.
alias Eight = array<elem4, 2>;
// Eight rows of four columns.
alias Octet = array<elem4, 8>;

fn add_product(octet: ptr<function, Octet>, x: Eight, y: elem4) {
  (*octet)[0] = mad(x[0].x, y, (*octet)[0]);
  (*octet)[1] = mad(x[0].y, y, (*octet)[1]);
  (*octet)[2] = mad(x[0].z, y, (*octet)[2]);
  (*octet)[3] = mad(x[0].w, y, (*octet)[3]);
  (*octet)[4] = mad(x[1].x, y, (*octet)[4]);
  (*octet)[5] = mad(x[1].y, y, (*octet)[5]);
  (*octet)[6] = mad(x[1].z, y, (*octet)[6]);
  (*octet)[7] = mad(x[1].w, y, (*octet)[7]);
}

struct Tile {
  row: u32,
  column: u32, // of the invocation's first four
  above: u32, // rows of C above the tile, those of other copies among them
  part: u32,
  a_start: u32,
  b_start: u32,
  k: u32,
  steps: u32,
  outside: bool,
}

fn tile_of(at: Invocation, height: u32, width: u32) -> Tile {
  let index = at.wid.y * FOLD_WIDTH + at.wid.x;
  var tile: Tile;
  tile.outside = index >= params.tiles;
  tile.column = index % params.column_tiles * (width * LANES) + at.lane * 4u;
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

// The tile from its octets, row by row, `across` vectors in each. The loop starts at a parameter's value, for compilers unroll one that
// has few turns, and would take seconds for so many copies of the epilogue.
fn store_tile(tile: Tile, height: u32, across: u32, octets: array<Octet, 4>) {
  var kept = octets;
  let end = min(tile.row + height, params.rows) * across;
  for (var turn = tile.row * across; turn < end; turn++) {
    let row = turn / across - tile.row;
    let place = turn % across;
    let column = tile.column + place * (4u * LANES);
    let values = kept[row / 8u * across + place][row % 8u];
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
fn matmul_subgroups_16x8(at: Invocation) {
  let tile = tile_of(at, 16u, 8u);
  if (tile.outside) {
    return;
  }
  let right = tile.column + 4u * LANES;
  let a0 = a_base(tile.a_start, tile.row, at.lane, tile.k);
  let a1 = a_base(tile.a_start, tile.row + 8u, at.lane, tile.k);
  let b0 = b_base(tile.b_start, tile.column, tile.k);
  let b1 = b_base(tile.b_start, right, tile.k);
  var c00 = Octet();
  var c01 = Octet();
  var c10 = Octet();
  var c11 = Octet();
  var s0 = elem4();
  var s1 = elem4();
  for (var k = 0u; k < tile.steps; k++) {
    let x0 = a_load(a0, k);
    let y0 = b_load(b0, k);
    let y1 = b_load(b1, k);
    add_product(&c00, x0, y0);
    add_product(&c01, x0, y1);
    let x1 = a_load(a1, k);
    add_product(&c10, x1, y0);
    add_product(&c11, x1, y1);
    if (COLUMN_SUM) {
      s0 += y0;
      s1 += y1;
    }
  }
  store_tile(tile, 16u, 2u, array<Octet, 4>(c00, c01, c10, c11));
  store_sums(tile, tile.column, s0);
  store_sums(tile, right, s1);
}

@compute @workgroup_size(LANES)
fn matmul_subgroups_16x4(at: Invocation) {
  let tile = tile_of(at, 16u, 4u);
  if (tile.outside) {
    return;
  }
  let a0 = a_base(tile.a_start, tile.row, at.lane, tile.k);
  let a1 = a_base(tile.a_start, tile.row + 8u, at.lane, tile.k);
  let b0 = b_base(tile.b_start, tile.column, tile.k);
  var c0 = Octet();
  var c1 = Octet();
  var s0 = elem4();
  for (var k = 0u; k < tile.steps; k++) {
    let y0 = b_load(b0, k);
    add_product(&c0, a_load(a0, k), y0);
    add_product(&c1, a_load(a1, k), y0);
    if (COLUMN_SUM) {
      s0 += y0;
    }
  }
  store_tile(tile, 16u, 1u, array<Octet, 4>(c0, c1, Octet(), Octet()));
  store_sums(tile, tile.column, s0);
}

@compute @workgroup_size(LANES)
fn matmul_subgroups_8x4(at: Invocation) {
  let tile = tile_of(at, 8u, 4u);
  if (tile.outside) {
    return;
  }
  let a0 = a_base(tile.a_start, tile.row, at.lane, tile.k);
  let b0 = b_base(tile.b_start, tile.column, tile.k);
  var c0 = Octet();
  var s0 = elem4();
  for (var k = 0u; k < tile.steps; k++) {
    let y0 = b_load(b0, k);
    add_product(&c0, a_load(a0, k), y0);
    if (COLUMN_SUM) {
      s0 += y0;
    }
  }
  store_tile(tile, 8u, 1u, array<Octet, 4>(c0, Octet(), Octet(), Octet()));
  store_sums(tile, tile.column, s0);
}
