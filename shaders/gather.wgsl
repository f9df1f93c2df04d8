// Takes slices of a tensor by index along one axis.
//
//   result[o, k, c] = source[o, indices[k], c]        source [outer, rows, inner], indices [count], result [outer, count, inner]
//
// Indices outside the table take its first or last row: a GPU cannot raise an error, and the host has checked what it could.
// Elements are moved as words; where `inner` is a whole number of quads, `elem` is a vec4 and `inner` counts quads.

// specialise
alias elem = u32;
struct Params {
  size: u32,
  inner: u32,
  count: u32,
  rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<elem>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read_write> result: array<elem>;
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn gather(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i >= params.size) {
    return;
  }
  let c = i % params.inner;
  let slice = i / params.inner;
  let k = slice % params.count;
  let o = slice / params.count;
  let row = u32(clamp(indices[k], 0i, i32(params.rows) - 1i));
  result[i] = source[(o * params.rows + row) * params.inner + c];
}
