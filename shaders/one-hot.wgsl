// Classes as rows of one `on` among `off`s.
//
//   result[k, c] = indices[k] = c ? on : off        indices [count], result [count, depth]
//
// An index outside 0 … depth − 1 gives a row of `off`s.

// specialise
struct Params {
  size: u32,
  depth: u32,
  on_value: f32,
  off_value: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn one_hot(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i >= params.size) {
    return;
  }
  let hit = indices[i / params.depth] == i32(i % params.depth);
  result[i] = select(params.off_value, params.on_value, hit);
}
