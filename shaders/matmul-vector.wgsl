// Matrix products that are too small or too narrow for tiles.
//
//   C[row, col] = epilogue( Σ_k A[row, k] · B[k, col] ),   C [M, N], A [M, K] or [K, M], B [K, N] or [N, K]
//
// matmul_single: one invocation per element of C. For tiny products, where anything else costs more to start.
//
// matmul_vector: at most four rows (or columns) of C, the thin side; each workgroup takes some places of the wide side and
// divides K among its lanes, whose sums then meet pairwise in a fixed order. For GPUs.
//
//                      wide →  w0   w1   w2  …  WIDE_LANES
//     k lane 0   k = 0, 8, …   [ ]  [ ]  [ ]            each lane: Σ over its k of thin[0…3, k] · wide[k, w]
//     k lane 1   k = 1, 9, …   [ ]  [ ]  [ ]            ↓ lanes meet: 0 + 4, 1 + 5, …; 0 + 2, …; 0 + 1
//     …                                                 C[0…3, w]
//
// Neighbouring lanes walk whichever of k and w is contiguous in the wide operand (K_FASTEST).
//
// specialise
alias elem = f32; // as stored and accumulated
alias elem4 = vec4<f32>;
struct Params {
  rows: u32,
  columns: u32,
  inner: u32,
  groups: u32,
  wide_groups: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<elem>;
@group(0) @binding(2) var<storage, read> b: array<elem>;
@group(0) @binding(3) var<storage, read_write> c: array<elem>;
fn batch_start(batch: u32) -> vec2<u32> { return vec2<u32>(0u); }
fn a_at(start: u32, row: u32, k: u32) -> elem { return a[start + row * params.inner + k]; }
fn b_at(start: u32, column: u32, k: u32) -> elem { return b[start + k * params.columns + column]; }
fn mad(x: elem, y: elem, z: elem) -> elem { return fma(x, y, z); }
fn epilogue(value: elem, row: u32, col: u32) -> elem { return value; }
const COLUMN_SUM = false;
fn store_sum(index: u32, value: elem) {}
const THIN_ROWS = true;
const K_FASTEST = false;
const WIDE_LANES = 32u;
const K_LANES = 8u;
// end

const FOLD_WIDTH = 32768u;
const LANES = 64u;
const THREADS = 256u; // WIDE_LANES · K_LANES

@compute @workgroup_size(LANES)
fn matmul_single(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (index >= params.groups) {
    return;
  }
  let column = index % params.columns;
  let above = index / params.columns;
  let row = above % params.rows;
  let starts = batch_start(above / params.rows);
  var sum = elem();
  var column_total = elem();
  for (var k = 0u; k < params.inner; k++) {
    let y = b_at(starts.y, column, k);
    sum = mad(a_at(starts.x, row, k), y, sum);
    if (COLUMN_SUM) {
      column_total += y;
    }
  }
  c[index] = epilogue(sum, above, column);
  if (COLUMN_SUM && row == 0u) {
    store_sum(column, column_total);
  }
}

var<workgroup> partial: array<elem4, THREADS>;

// thin[t, k] and wide[k, w] are A and B where the rows are thin, else B and A.
fn thin_at(starts: vec2<u32>, place: u32, k: u32) -> elem {
  if (THIN_ROWS) {
    return a_at(starts.x, min(place, params.rows - 1u), k);
  }
  return b_at(starts.y, min(place, params.columns - 1u), k);
}

fn wide_at(starts: vec2<u32>, place: u32, k: u32) -> elem {
  if (THIN_ROWS) {
    return b_at(starts.y, place, k);
  }
  return a_at(starts.x, place, k);
}

fn store_pair(batch: u32, thin: u32, wide: u32, value: elem) {
  let row = select(wide, thin, THIN_ROWS);
  let column = select(thin, wide, THIN_ROWS);
  if (row < params.rows && column < params.columns) {
    let above = batch * params.rows + row;
    c[above * params.columns + column] = epilogue(value, above, column);
  }
}

@compute @workgroup_size(THREADS)
fn matmul_vector(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = wid.y * FOLD_WIDTH + wid.x;
  if (group >= params.groups) {
    return;
  }
  let batch = group / params.wide_groups;
  let starts = batch_start(batch);
  let k_lane = select(lane / WIDE_LANES, lane % K_LANES, K_FASTEST);
  let wide_lane = select(lane % WIDE_LANES, lane / K_LANES, K_FASTEST);
  let wide = group % params.wide_groups * WIDE_LANES + wide_lane;
  let extent = select(params.rows, params.columns, THIN_ROWS);
  let place = min(wide, extent - 1u);
  let steps = (params.inner + K_LANES - 1u - k_lane) / K_LANES;
  var sum = elem4();
  for (var step = 0u; step < steps; step++) {
    let k = step * K_LANES + k_lane;
    let y = wide_at(starts, place, k);
    sum.x = mad(thin_at(starts, 0u, k), y, sum.x);
    sum.y = mad(thin_at(starts, 1u, k), y, sum.y);
    sum.z = mad(thin_at(starts, 2u, k), y, sum.z);
    sum.w = mad(thin_at(starts, 3u, k), y, sum.w);
  }
  let slot = wide_lane * K_LANES + k_lane;
  partial[slot] = sum;
  for (var half = K_LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (k_lane < half) {
      partial[slot] += partial[slot + half];
    }
  }
  if (k_lane == 0u && wide < extent) {
    let total = partial[slot];
    store_pair(batch, 0u, wide, total.x);
    store_pair(batch, 1u, wide, total.y);
    store_pair(batch, 2u, wide, total.z);
    store_pair(batch, 3u, wide, total.w);
  }
}
