// Convolution, or its gradient to the input: an invocation makes four neighbours of a row, of one phase and one channel.
//
//   result[n, i, j, o] = epilogue( Σ_taps Σ_c source[n, h(i, tap), w(j, tap), c] · filter[tap, c, o] ),  o and c of the same group
//
// Both directions are one sum. Forward, a place i begins at i·stride − top and its taps are `dilation` cells apart. Backward, a place
// belongs to a phase (i mod stride): only every (stride / gcd)-th row of the filter meets it, and these meet source rows that
// are dilation / gcd apart, going up. So no tap is tested for divisibility:
//
//   stride 2, 3 taps:   i      0 1 2 3 4 5         phase 0 meets taps 0 and 2, phase 1 meets tap 1
//                       taps   0 1 2 1 2 1
//                              2   0   0
//
// For tiny results, and for depthwise convolutions: there `elem` is a vec4 of channels where each has one filter, and all
// channel counts are in quads.
//
// specialise
alias elem = f32;
struct Params {
  size: u32, // invocations
  row_tasks: u32, // those of one row and channel
  result_h: u32, result_w: u32,
  result_channels: u32,
  source_h: u32, source_w: u32,
  source_channels: u32,
  columns: u32, // result channels of a group
  inner: u32, // source channels of a group
  cells_h: u32, cells_w: u32,
  phases_h: u32, phases_w: u32,
  moves_h: u32, moves_w: u32,
  before_h: u32, before_w: u32,
  dilation_h: u32, dilation_w: u32,
  step_h: u32, step_w: u32,
  filter_step_h: u32, filter_step_w: u32,
  filter_tap: u32,
  filter_inner: u32,
  filter_column: u32,
  filter_group: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<elem>;
@group(0) @binding(2) var<storage, read> weight: array<elem>;
@group(0) @binding(3) var<storage, read_write> result: array<elem>;
// The source coordinate of the first tap (it wraps below zero), its row of the filter, and how many there are.
struct Taps { source: u32, cell: u32, count: u32 }
fn taps_at(place: u32, cells: u32, phases: u32, moves: u32, before: u32, dilation: u32, filter_step: u32) -> Taps {
  let distance = place % phases + before;
  var cell = 0u;
  while (cell < phases && cell * dilation % phases != distance % phases) {
    cell++;
  }
  let source = place / phases * moves + u32(i32(distance - cell * dilation) / i32(phases));
  return Taps(source, cell, select(0u, (cells + filter_step - 1u - cell) / filter_step, cell < min(phases, cells)));
}
fn taps_down(place: u32) -> Taps {
  return taps_at(place, params.cells_h, params.phases_h, params.moves_h, params.before_h, params.dilation_h, params.filter_step_h);
}
fn taps_across(place: u32) -> Taps {
  return taps_at(place, params.cells_w, params.phases_w, params.moves_w, params.before_w, params.dilation_w, params.filter_step_w);
}
fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }
fn finish(value: elem, row: u32, col: u32) -> elem { return epilogue(value, row, col); }
// end

const FOLD_WIDTH = 32768u;
const LANES = 64u;
const PLACES = 4u;

@compute @workgroup_size(LANES)
fn convolution_direct(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (index >= params.size) {
    return;
  }
  let channel = index % params.result_channels;
  let task = index / params.result_channels;
  let across = task % params.row_tasks;
  let line = task / params.row_tasks;
  let j = across / params.phases_w * PLACES * params.phases_w + across % params.phases_w;
  let group = channel / params.columns;
  let rows = taps_down(line % params.result_h);
  let columns = taps_across(j);
  let image = line / params.result_h * params.source_h * params.source_w * params.source_channels + group * params.inner;
  let filter_start = group * params.filter_group + channel % params.columns * params.filter_column;
  let neighbours = vec4<u32>(0u, 1u, 2u, 3u) * params.moves_w;
  let steps = rows.count * columns.count * params.inner;
  var sum0 = elem();
  var sum1 = elem();
  var sum2 = elem();
  var sum3 = elem();
  var r = 0u;
  var s = 0u;
  var c = 0u;
  // One flat loop, as in convolution.wgsl. What lies outside is read all the same (WebGPU keeps that harmless), and left out.
  for (var step = 0u; step < steps; step++) {
    let h = rows.source + r * params.step_h;
    let w = columns.source + s * params.step_w + neighbours;
    let cell = (rows.cell + r * params.filter_step_h) * params.cells_w + columns.cell + s * params.filter_step_w;
    let at = (w + h * params.source_w) * params.source_channels + image + c;
    let inside = (w < vec4<u32>(params.source_w)) & vec4<bool>(h < params.source_h);
    let y = weight[filter_start + cell * params.filter_tap + c * params.filter_inner];
    sum0 = select(sum0, fma(source[at.x], y, sum0), inside.x);
    sum1 = select(sum1, fma(source[at.y], y, sum1), inside.y);
    sum2 = select(sum2, fma(source[at.z], y, sum2), inside.z);
    sum3 = select(sum3, fma(source[at.w], y, sum3), inside.w);
    let tap_ends = c + 1u == params.inner;
    let row_ends = tap_ends && s + 1u == columns.count;
    c = select(c + 1u, 0u, tap_ends);
    s = select(s + u32(tap_ends), 0u, row_ends);
    r += u32(row_ends);
  }
  var sums = array<elem, PLACES>(sum0, sum1, sum2, sum3);
  for (var k = 0u; k < PLACES; k++) {
    let place = j + k * params.phases_w;
    if (place < params.result_w) {
      let pixel = line * params.result_w + place;
      result[pixel * params.result_channels + channel] = finish(sums[k], pixel, channel);
    }
  }
}
