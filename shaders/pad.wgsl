// Surrounds a tensor with a constant.
//
//   result[c] = source[c − before] where 0 ≤ c_a − before_a < source_extent_a for every axis a, else value
//
//     v v v v v v
//     v # # # # v      the # are the source, `before` is what stands above and to the left of it
//     v v v v v v
//
// Only the rank is baked. Elements are moved as words, so the dtype does not matter; where rows and paddings are whole quads,
// `elem` is a vec4 and everything counts in quads. Coordinates wrap below zero, so one comparison tests both ends.

// specialise
alias elem = u32;
struct Params {
  count: u32,
  value: u32,
  before_0: u32,
  source_extent_0: u32,
  extent_1: u32,
  before_1: u32,
  source_extent_1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<elem>;
@group(0) @binding(2) var<storage, read_write> result: array<elem>;

fn locate(i: u32) -> u32 {
  var rest = i;
  var at = 0u;
  var scale = 1u;
  var inside = true;
  {
    let c = rest % params.extent_1 - params.before_1;
    rest /= params.extent_1;
    inside = inside && c < params.source_extent_1;
    at += c * scale;
    scale *= params.source_extent_1;
  }
  let c = rest - params.before_0;
  return select(OUTSIDE, at + c * scale, inside && c < params.source_extent_0);
}
// end

const OUTSIDE = 0xffffffffu;
const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn pad(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i >= params.count) {
    return;
  }
  let at = locate(i);
  if (at == OUTSIDE) {
    result[i] = elem(params.value);
  } else {
    result[i] = source[at];
  }
}
