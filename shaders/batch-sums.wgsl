// Sums of up to seven vectors over the batch, for a training tail with more of them than it has bindings.
//
//   sums[base + j] = Σ_b vector_j[b]
//
// One workgroup, in the order of training-tail.wgsl: 64 strided partial sums, then those one after another. A device may assume that
// there is no NaN, so elements are judged by their bits: one that is not finite makes the sum not finite.

// specialise
const COLUMNS = 2u;
struct Params {
  length: u32,
  base: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> vector_0: array<f32>;
@group(0) @binding(2) var<storage, read> vector_1: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<u32>;

fn load(column: u32, b: u32) -> f32 {
  if (column == 0u) {
    return vector_0[b];
  }
  return vector_1[b];
}
// end

const LANES = 64u;
const EXPONENT = 0x7f800000u;
const NOT_A_NUMBER = 0x7fc00000u;

var<workgroup> partial: array<f32, COLUMNS * LANES>;
var<workgroup> broken: array<u32, COLUMNS * LANES>;

@compute @workgroup_size(LANES)
fn batch_sums(@builtin(local_invocation_index) lane: u32) {
  for (var column = 0u; column < COLUMNS; column++) {
    var total = 0.0;
    var bad = 0u;
    for (var b = lane; b < params.length; b += LANES) {
      let value = load(column, b);
      total += value;
      bad |= u32((bitcast<u32>(value) & EXPONENT) == EXPONENT);
    }
    partial[column * LANES + lane] = total;
    broken[column * LANES + lane] = bad;
  }
  workgroupBarrier();
  if (lane >= COLUMNS) {
    return;
  }
  var total = 0.0;
  var bad = 0u;
  for (var other = 0u; other < LANES; other++) {
    total += partial[lane * LANES + other];
    bad |= broken[lane * LANES + other];
  }
  let bits = bitcast<u32>(total);
  sums[params.base + lane] = select(bits, NOT_A_NUMBER, bad != 0u && (bits & EXPONENT) != EXPONENT);
}
