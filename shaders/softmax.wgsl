// Softmax and its logarithm along an axis, with the maximum subtracted so that exp never overflows.
//
//   m = max over r of x[r],  s = Σ exp(x[r] − m)
//   softmax:      y[r] = epilogue( exp(x[r] − m) / s )
//   log softmax:  y[r] = epilogue( x[r] − m − log s )
//
// x is seen as [outer, EXTENT, INNER]; a row runs along the middle:
//
//             r →                         softmax_serial: one invocation per row makes three passes over it;
//   row     [ . . . . . . . . ]           softmax_tree:   one workgroup per row: each invocation takes every WIDTH-th
//     ↓     [ . . . . . . . . ]                           element, partial maxima and sums meet pairwise.
//
// softmax_serial is for short rows and for software adapters, where a barrier is dear; softmax_tree for long rows on GPUs.
// exp is evaluated again in the last pass: cheaper than storing it.
//
// specialise
const WIDTH = 64u;
const INNER = 1u;
struct Params {
  rows: u32,
  extent: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
const EXTENT = 64u;
fn read_extent() {}
fn finish(distance: f32, total: f32) -> f32 { return exp(distance) / total; }
fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }
fn store(index: u32, value: f32) { y[index] = epilogue(value, index / 64u, index % 64u); }
// end

const FOLD_WIDTH = 32768u;
var<workgroup> partial: array<f32, WIDTH>;

fn start_of(row: u32) -> u32 {
  return (row / INNER) * (EXTENT * INNER) + row % INNER;
}

@compute @workgroup_size(WIDTH)
fn softmax_serial(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (wid.y * FOLD_WIDTH + wid.x) * WIDTH + lane;
  if (row >= params.rows) {
    return;
  }
  read_extent();
  let start = start_of(row);
  var largest = x[start];
  for (var r = 0u; r < EXTENT; r++) {
    largest = max(largest, x[start + r * INNER]);
  }
  var total = 0.0;
  for (var r = 0u; r < EXTENT; r++) {
    total += exp(x[start + r * INNER] - largest);
  }
  for (var r = 0u; r < EXTENT; r++) {
    let index = start + r * INNER;
    store(index, finish(x[index] - largest, total));
  }
}

@compute @workgroup_size(WIDTH)
fn softmax_tree(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = wid.y * FOLD_WIDTH + wid.x;
  if (row >= params.rows) {
    return;
  }
  read_extent();
  let start = start_of(row);
  let turns = (EXTENT + WIDTH - 1u) / WIDTH;

  var largest = x[start];
  for (var turn = 0u; turn < turns; turn++) {
    let r = turn * WIDTH + lane;
    if (r < EXTENT) {
      largest = max(largest, x[start + r * INNER]);
    }
  }
  partial[lane] = largest;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half >>= 1u) {
    if (lane < half) {
      partial[lane] = max(partial[lane], partial[lane + half]);
    }
    workgroupBarrier();
  }
  largest = partial[0];
  workgroupBarrier();

  var total = 0.0;
  for (var turn = 0u; turn < turns; turn++) {
    let r = turn * WIDTH + lane;
    if (r < EXTENT) {
      total += exp(x[start + r * INNER] - largest);
    }
  }
  partial[lane] = total;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half >>= 1u) {
    if (lane < half) {
      partial[lane] += partial[lane + half];
    }
    workgroupBarrier();
  }
  total = partial[0];

  for (var turn = 0u; turn < turns; turn++) {
    let r = turn * WIDTH + lane;
    if (r < EXTENT) {
      let index = start + r * INNER;
      store(index, finish(x[index] - largest, total));
    }
  }
}
