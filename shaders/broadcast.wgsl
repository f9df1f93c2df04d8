// Repeats a tensor along axes of extent 1 and along new leading axes.
//
//   y[index] = x[source_of(index)]
//
//   x [1, 3]  a b c   →   y [2, 3]  a b c       source_of holds x's strides, 0 along repeated axes. Elements are
//                                   a b c       copied as words, whatever their type.
//
// broadcast: one invocation per element of y. Mostly the compiler folds a broadcast into what reads it; this is for the rest.
//
// specialise
struct Params {
  size: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
fn source_of(index: u32) -> u32 { return index % 3u; }
// end

const FOLD_WIDTH = 32768u;
const WIDTH = 64u;

@compute @workgroup_size(WIDTH)
fn broadcast(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (wid.y * FOLD_WIDTH + wid.x) * WIDTH + lane;
  if (index < params.size) {
    y[index] = x[source_of(index)];
  }
}
