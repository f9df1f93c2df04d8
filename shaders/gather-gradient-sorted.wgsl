// The gradient of gather for large tables, after rank-indices.wgsl has sorted the indices: each element finds its run of
// equal rows by binary search and adds it up.
//
//   result[o, r, c] = Σ_{p: sorted[p] = r} dy[o, positions[p], c]       dy [outer, count, inner], result [outer, rows, inner]
//
//   sorted     0 0 2 5 5 5 7          r = 5: the run from p = 3 to 5
//   positions  1 6 0 2 3 5 4
//
// The sort is stable, so that positions rise within a run: the order, and hence the bits, of the scan. Where `inner` is a
// whole number of quads, `elem` is a vec4 and `inner` counts quads.

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
@group(0) @binding(2) var<storage, read> sorted: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read_write> result: array<elem>;
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

// The first p with sorted[p] ≥ r.
fn lower_bound(r: u32) -> u32 {
  var low = 0u;
  var high = params.count;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (sorted[middle] < r) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return low;
}

@compute @workgroup_size(LANES)
fn gather_gradient_sorted(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i >= params.size) {
    return;
  }
  let c = i % params.inner;
  let slice = i / params.inner;
  let r = slice % params.rows;
  let base = slice / params.rows * params.count;
  var total = elem();
  for (var p = lower_bound(r); p < params.count; p++) {
    if (sorted[p] != r) {
      break;
    }
    total += dy[(base + positions[p]) * params.inner + c];
  }
  result[i] = total;
}
