// The gradient of gather: adds up the slices of dy that came from each row, in the order of their indices, without atomics.
//
//   result[o, r, c] = Σ_{k: indices[k] = r} dy[o, k, c]       dy [outer, count, inner], result [outer, rows, inner]
//
// Every element of the result scans all indices: the right thing for small tables. All lanes of a workgroup read the same index at
// the same time. For large tables see gather-gradient-sorted.wgsl, which adds in the same order and so gives the same bits.
// Where `inner` is a whole number of quads, `elem` is a vec4 and `inner` counts quads.

// specialise
alias elem = f32;
struct Params {
  size: u32,
  inner: u32,
  count: u32,
  rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<elem>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read_write> result: array<elem>;
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn gather_gradient_scan(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i >= params.size) {
    return;
  }
  let c = i % params.inner;
  let slice = i / params.inner;
  let r = i32(slice % params.rows);
  let base = slice / params.rows * params.count;
  let last = i32(params.rows) - 1i;
  var total = elem();
  for (var k = 0u; k < params.count; k++) {
    if (clamp(indices[k], 0i, last) == r) {
      total += dy[(base + k) * params.inner + c];
    }
  }
  result[i] = total;
}
