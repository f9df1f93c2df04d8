// Sorts indices stably by counting: each one's place is the number of those that come before it.
//
//   rank(k) = #{ j : row_j < row_k, or row_j = row_k and j < k },   row_k = indices[k] clamped to the table
//   sorted[rank(k)] = row_k,   positions[rank(k)] = k
//
// Quadratic, but one dispatch without barriers or atomics, and a batch's indices are few.

// specialise
struct Params {
  count: u32,
  rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> sorted: array<u32>;
@group(0) @binding(3) var<storage, read_write> positions: array<u32>;
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn rank_indices(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let k = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (k >= params.count) {
    return;
  }
  let last = i32(params.rows) - 1i;
  let row = clamp(indices[k], 0i, last);
  var rank = 0u;
  for (var j = 0u; j < params.count; j++) {
    let other = clamp(indices[j], 0i, last);
    rank += u32(other < row || (other == row && j < k));
  }
  sorted[rank] = u32(row);
  positions[rank] = k;
}
