// The gradient of a convolution to its filter: one invocation for each element of the filter and each part of the sum.
//
//   filter[r, s, c, k] = epilogue( Σ_{n, p, q} x[n, p·stride + r·dilation − top, q·stride + s·dilation − left, c] · dy[n, p, q, k] )
//   column_sum[k]      = Σ_{n, p, q} dy[n, p, q, k]          by further invocations, one for each k
//
//   dy   line 0   [. . . . . .]   part 0        a line is one row of places, (n, p); each part adds `chunk` lines, and
//        line 1   [. . . . . .]                 matmul-combine.wgsl adds the parts
//        line 2   [. . . . . .]   part 1
//
// For tiny filters, and for depthwise convolutions: there `elem` is a vec4 of channels where each has one filter, and all
// channel counts are in quads.
//
// specialise
alias elem = f32;
struct Params {
  size: u32, // elements of the filter
  filters: u32,
  per_group: u32, // channels of a group
  columns: u32, // filters of a group
  channels: u32,
  lines: u32,
  parts: u32,
  chunk: u32,
  source_h: u32,
  source_w: u32,
  output_h: u32,
  output_w: u32,
  cells_w: u32,
  stride_h: u32,
  stride_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  before_h: u32,
  before_w: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<elem>;
@group(0) @binding(2) var<storage, read> dy: array<elem>;
@group(0) @binding(3) var<storage, read_write> result: array<elem>;
fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }
fn finish(value: elem, row: u32, col: u32) -> elem { return epilogue(value, row, col); }
const COLUMN_SUM = false;
fn store_sum(index: u32, value: elem) {}
// end

const FOLD_WIDTH = 32768u;
const LANES = 64u;

@compute @workgroup_size(LANES)
fn convolution_filter_direct(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let task = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  let each = params.size + select(0u, params.filters, COLUMN_SUM);
  let part = task / each;
  if (part >= params.parts) {
    return;
  }
  let index = task % each;
  let first = part * params.chunk;
  let last = min(first + params.chunk, params.lines);
  let k = index % params.filters;
  var sum = elem();
  if (COLUMN_SUM && index >= params.size) {
    for (var place = first * params.output_w; place < last * params.output_w; place++) {
      sum += dy[place * params.filters + k];
    }
    store_sum(part * params.filters + k, sum);
    return;
  }
  let row = index / params.filters;
  let cell = row / params.per_group;
  let channel = k / params.columns * params.per_group + row % params.per_group;
  let above = cell / params.cells_w * params.dilation_h - params.before_h;
  let left = cell % params.cells_w * params.dilation_w - params.before_w;
  var n = first / params.output_h;
  var p = first % params.output_h;
  var q = 0u;
  // One flat loop, as in convolution-direct.wgsl.
  for (var place = first * params.output_w; place < last * params.output_w; place++) {
    let h = p * params.stride_h + above;
    let w = q * params.stride_w + left;
    let a = x[((n * params.source_h + h) * params.source_w + w) * params.channels + channel];
    sum = select(sum, fma(a, dy[place * params.filters + k], sum), h < params.source_h && w < params.source_w);
    let line_ends = q + 1u == params.output_w;
    let image_ends = line_ends && p + 1u == params.output_h;
    q = select(q + 1u, 0u, line_ends);
    p = select(p + u32(line_ends), 0u, image_ends);
    n += u32(image_ends);
  }
  result[part * params.size + index] = finish(sum, row, k);
}
