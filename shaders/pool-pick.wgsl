// The cell that won each window of a max pooling, taken from another image of the same shape: the gradient of the gradient.
//
//   y[n,p,q,c] = x[n, p·SH + winner / KW − top, q·SW + winner mod KW − left, c],  winner = winners[n,p,q,c]
//
//   x  . # . .   winners 1 0    y  # #      x [N, H, W, C], windows 2 × 2 side by side; y and winners [N, P, Q, C]
//      . . # .           2 3       # #
//
// One invocation per element of y. The window is baked, unless it is the whole image (WHOLE); everything else is a parameter.

// specialise
const WHOLE = false;
const KW = 2u;
const SH = 2u;
const SW = 2u;
struct Params {
  size: u32,
  channels: u32,
  height: u32,
  width: u32,
  rows: u32,
  columns: u32,
  top: u32,
  left: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> winners: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
fn winner_at(unit: u32) -> u32 { return (winners[unit / 4u] >> (unit % 4u * 8u)) & 255u; }
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn pool_pick(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i >= params.size) {
    return;
  }
  let c = i % params.channels;
  let pixel = i / params.channels;
  let q = pixel % params.columns;
  let line = pixel / params.columns;
  let winner = winner_at(i);
  let kw = select(KW, params.width, WHOLE);
  let h = line % params.rows * SH + winner / kw - params.top;
  let w = q * SW + winner % kw - params.left;
  y[i] = x[((line / params.rows * params.height + h) * params.width + w) * params.channels + c];
}
