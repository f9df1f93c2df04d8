// Keeps the values of repeated steps: overwrites one row of a ring in place.
//
//   ring[counter mod rows, i] = value[i]        ring [rows, length], value [length]
//
// Elements are moved as words; where a row is a whole number of quads, `elem` is a vec4 and `length` counts quads.

// specialise
alias elem = u32;
struct Params {
  length: u32,
  rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> ring: array<elem>;
@group(0) @binding(2) var<storage, read> value: array<elem>;
@group(0) @binding(3) var<storage, read> counter: array<u32>;
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn append(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i < params.length) {
    ring[counter[0] % params.rows * params.length + i] = value[i];
  }
}
