// The position of the largest element along an axis, the first one among equals.
//
//   y[output] = epilogue( min { r : x[r] = max over q of x[q] } ),  x[r] = load( base_of(output) + offset_of(r) )
//
//             r →                          arg_max_serial: one invocation per output walks its elements in order;
//   output  [ . 7 . 7 . ] → 1              arg_max_tree:   one workgroup per output: each invocation takes every
//     ↓     [ . . . . 9 ] → 4                              WIDTH-th element, then the candidates meet pairwise, and of
//                                                          equal ones the smaller position stays.
//
// arg_max_serial is for short rows (class scores) and for software adapters, arg_max_tree for long rows on GPUs.
//
// specialise
alias elem = f32;
const WIDTH = 64u;
struct Params {
  outputs: u32,
  extent: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<elem>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;
const EXTENT = 64u;
fn read_extent() {}
fn base_of(output: u32) -> u32 { return output * 64u; }
fn offset_of(r: u32) -> u32 { return r; }
fn load(index: u32) -> elem { return x[index]; }
fn epilogue(value: i32, row: u32, col: u32) -> i32 { return value; }
fn store(output: u32, value: i32) { y[output] = epilogue(value, 0u, output); }
// end

const FOLD_WIDTH = 32768u;
var<workgroup> best_values: array<elem, WIDTH>;
var<workgroup> best_places: array<u32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn arg_max_serial(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let output = (wid.y * FOLD_WIDTH + wid.x) * WIDTH + lane;
  if (output >= params.outputs) {
    return;
  }
  read_extent();
  let base = base_of(output);
  var best = load(base);
  var place = 0u;
  for (var r = 0u; r < EXTENT; r++) {
    let value = load(base + offset_of(r));
    if (value > best) {
      best = value;
      place = r;
    }
  }
  store(output, i32(place));
}

@compute @workgroup_size(WIDTH)
fn arg_max_tree(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let output = wid.y * FOLD_WIDTH + wid.x;
  if (output >= params.outputs) {
    return;
  }
  read_extent();
  let base = base_of(output);
  // An invocation without elements of its own stands for element 0, which takes part anyway.
  var best = load(base);
  var place = 0u;
  for (var turn = 0u; turn < (EXTENT + WIDTH - 1u) / WIDTH; turn++) {
    let r = turn * WIDTH + lane;
    if (r < EXTENT) {
      let value = load(base + offset_of(r));
      if (value > best) {
        best = value;
        place = r;
      }
    }
  }
  best_values[lane] = best;
  best_places[lane] = place;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half >>= 1u) {
    if (lane < half) {
      let value = best_values[lane + half];
      let at = best_places[lane + half];
      if (value > best || (value == best && at < place)) {
        best = value;
        place = at;
        best_values[lane] = best;
        best_places[lane] = place;
      }
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    store(output, i32(place));
  }
}
