// Images [N, H, W, C] seen through affine maps, one for each: flips, shifts, turns, crops.
//
//   y[n,p,q,c] = x[n, u, v, c],   u = m0·p + m1·q + m2,   v = m3·p + m4·q + m5,   m = transforms[n]
//
//   x  a───b   (u, v) between four cells: first along v, then along u;
//      │ · │   a + (b − a)·share, so that a place on a cell gives that cell's bits.
//      c───d   NEAREST takes ⌊u + ½⌋, ⌊v + ½⌋ instead.
//
// cell_of says which cell stands for one outside the image, -1 for the fill value. One invocation per elem of y; where C is a multiple
// of 4, elem is a vec4. Every extent is a parameter.

// specialise
alias elem = f32;
const NEAREST = false;
struct Params {
  units: u32, // elems of y
  channels: u32, // in elems
  height: u32,
  width: u32,
  rows: u32,
  columns: u32,
  fill: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<elem>;
@group(0) @binding(2) var<storage, read> transforms: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<elem>;
fn cell_of(i: i32, extent: i32) -> i32 { return select(i, -1, i < 0 || i >= extent); }
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

fn cell_at(image: u32, i: i32, j: i32, c: u32) -> elem {
  let h = cell_of(i, i32(params.height));
  let w = cell_of(j, i32(params.width));
  if (h < 0 || w < 0) {
    return elem(params.fill);
  }
  return x[((image * params.height + u32(h)) * params.width + u32(w)) * params.channels + c];
}

// Far beyond any image, and an i32 still.
fn bounded(place: f32) -> f32 {
  return clamp(place, -16777216.0, 16777216.0);
}

@compute @workgroup_size(LANES)
fn affine_sample(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let unit = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (unit >= params.units) {
    return;
  }
  let c = unit % params.channels;
  let pixel = unit / params.channels;
  let line = pixel / params.columns;
  let image = line / params.rows;
  let p = f32(line % params.rows);
  let q = f32(pixel % params.columns);
  let m = image * 6u;
  let u = bounded(transforms[m] * p + transforms[m + 1u] * q + transforms[m + 2u]);
  let v = bounded(transforms[m + 3u] * p + transforms[m + 4u] * q + transforms[m + 5u]);
  if (NEAREST) {
    y[unit] = cell_at(image, i32(floor(u + 0.5)), i32(floor(v + 0.5)), c);
    return;
  }
  let top = floor(u);
  let left = floor(v);
  let i = i32(top);
  let j = i32(left);
  let above = cell_at(image, i, j, c) + (cell_at(image, i, j + 1, c) - cell_at(image, i, j, c)) * (v - left);
  let below = cell_at(image, i + 1, j, c) + (cell_at(image, i + 1, j + 1, c) - cell_at(image, i + 1, j, c)) * (v - left);
  y[unit] = above + (below - above) * (u - top);
}
