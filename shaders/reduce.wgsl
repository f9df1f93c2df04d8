// Sum, max or min over axes.
//
//   y[output] = epilogue( combine over r of load( base_of(output) + offset_of(r) ) ),  r = 0 … EXTENT − 1
//
// The input is seen as groups of kept and reduced axes; base_of and offset_of hold their strides. For the sum of the rows
// of x[output, r]:
//
//             r →                          reduce_serial: one invocation per output walks its elements, four a turn;
//   output  [ . . . . . . . . ] → y        reduce_tree:   one workgroup per output: each invocation takes every WIDTH-th
//     ↓     [ . . . . . . . . ] → y                       element, then the partial results meet pairwise;
//           [ . . . . . . . . ] → y        reduce_split:  PARTS invocations per output, each taking every PARTS-th
//                                                         element, leave partial results for a second reduction.
//
// reduce_serial is for short extents, or many outputs, and needs no barrier; reduce_tree is for long rows on GPUs;
// reduce_split is for long extents with few outputs (column sums over a batch, a whole tensor): neighbours read neighbours.
// Four loads a turn hide each other's latency: about twice as fast as one on a software adapter.
// The order of combination is fixed by the shape, so that results repeat bit for bit.
//
// specialise
alias elem = f32; // as stored
alias acc = f32; // as combined
const WIDTH = 64u;
const PART_INNERMOST = true;
struct Params {
  outputs: u32,
  extent: u32,
  parts: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<elem>;
@group(0) @binding(2) var<storage, read_write> y: array<acc>;
const EXTENT = 64u;
fn read_extent() {}
fn base_of(output: u32) -> u32 { return output * 64u; }
fn offset_of(r: u32) -> u32 { return r; }
fn load(index: u32) -> acc { return acc(x[index]); }
fn initial(index: u32) -> acc { return acc(0); } // for max and min: load(index), an element that takes part anyway
fn combine(a: acc, b: acc) -> acc { return a + b; }
fn epilogue(value: acc, row: u32, col: u32) -> acc { return value; }
fn store(output: u32, value: acc) { y[output] = epilogue(value, 0u, output); }
// end

const FOLD_WIDTH = 32768u;
var<workgroup> partial: array<acc, WIDTH>;

@compute @workgroup_size(WIDTH)
fn reduce_serial(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let output = (wid.y * FOLD_WIDTH + wid.x) * WIDTH + lane;
  if (output >= params.outputs) {
    return;
  }
  read_extent();
  let base = base_of(output);
  var total = initial(base);
  for (var quad = 0u; quad < EXTENT / 4u; quad++) {
    let r = quad * 4u;
    let low = combine(load(base + offset_of(r)), load(base + offset_of(r + 1u)));
    let high = combine(load(base + offset_of(r + 2u)), load(base + offset_of(r + 3u)));
    total = combine(total, combine(low, high));
  }
  for (var rest = 0u; rest < EXTENT % 4u; rest++) {
    total = combine(total, load(base + offset_of(EXTENT / 4u * 4u + rest)));
  }
  store(output, total);
}

@compute @workgroup_size(WIDTH)
fn reduce_tree(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let output = wid.y * FOLD_WIDTH + wid.x;
  if (output >= params.outputs) {
    return;
  }
  read_extent();
  let base = base_of(output);
  var total = initial(base);
  for (var turn = 0u; turn < (EXTENT + WIDTH - 1u) / WIDTH; turn++) {
    let r = turn * WIDTH + lane;
    if (r < EXTENT) {
      total = combine(total, load(base + offset_of(r)));
    }
  }
  partial[lane] = total;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half >>= 1u) {
    if (lane < half) {
      partial[lane] = combine(partial[lane], partial[lane + half]);
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    store(output, partial[0]);
  }
}

@compute @workgroup_size(WIDTH)
fn reduce_split(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (wid.y * FOLD_WIDTH + wid.x) * WIDTH + lane;
  if (index >= params.outputs * params.parts) {
    return;
  }
  read_extent();
  var output = index % params.outputs;
  var part = index / params.outputs;
  if (PART_INNERMOST) {
    output = index / params.parts;
    part = index % params.parts;
  }
  let base = base_of(output);
  var total = initial(base);
  let quads = EXTENT / (params.parts * 4u);
  for (var quad = 0u; quad < quads; quad++) {
    let r = quad * 4u * params.parts + part;
    let low = combine(load(base + offset_of(r)), load(base + offset_of(r + params.parts)));
    let high = combine(load(base + offset_of(r + 2u * params.parts)), load(base + offset_of(r + 3u * params.parts)));
    total = combine(total, combine(low, high));
  }
  for (var rest = 0u; rest < 4u; rest++) {
    let r = (quads * 4u + rest) * params.parts + part;
    if (r < EXTENT) {
      total = combine(total, load(base + offset_of(r)));
    }
  }
  store(index, total);
}
