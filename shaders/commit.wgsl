// Puts the values that layers made for weights of their own in their places, unless the step is refused: one dispatch for all of them.
//
//   kept[i] ← values[i]  where applied ≠ 0
//
//   kept    [ mean_1 . | variance_1 . | mean_2 | … ]     both ranges hold the same tensors, each at a multiple of 256 bytes;
//   values  [ mean_1 . | variance_1 . | mean_2 | … ]     what lies between them is moved too and means nothing.
//
// Moves words, four at a time: the bits of the values stay as they are.

// specialise
struct Params {
  quads: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> kept: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> values: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> applied: array<u32>;
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn commit(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i < params.quads && applied[0] != 0u) {
    kept[i] = values[i];
  }
}
