// Copies a strided region of one tensor into a dense one: slice, general transpose, plain copy.
//
//   result[i] = source[offset + Σ_a c_a · stride_a],  where (c_0 … c_{r−1}) are the coordinates of i in [extent_0 … extent_{r−1}]
//
//   slice of rows 1–2, columns 1–3:          transpose: extents and strides of the source in the order of the result's axes
//     . . . . .
//     . # # # .      offset  = 1·5 + 1       [3,5] → [5,3]:  extents (5,3), strides (1,5)
//     . # # # .      extents = (2,3)
//     . . . . .      strides = (5,1)
//
// Only the rank is baked, so that few shaders serve all shapes. Elements are moved as words: the dtype does not matter, and
// the bits of a NaN stay as they are. Where rows are whole quads, `elem` is a vec4 and everything counts in quads.

// specialise
alias elem = u32;
struct Params {
  count: u32,
  offset: u32,
  stride_0: u32,
  extent_1: u32,
  stride_1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<elem>;
@group(0) @binding(2) var<storage, read_write> result: array<elem>;

fn locate(i: u32) -> u32 {
  var rest = i;
  var at = params.offset;
  at += (rest % params.extent_1) * params.stride_1;
  rest /= params.extent_1;
  return at + rest * params.stride_0;
}
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn strided_copy(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i < params.count) {
    result[i] = source[locate(i)];
  }
}
