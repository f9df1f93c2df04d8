// Second pass of the gradients of a recurrent layer's weights: adds the copies that the parts of the sum left, always in the order
// of the parts, and puts each element where it belongs.
//
//   [dW; dR; db][i] = Σ_part partial[part, i]
//
//   partial   part 0  [ . . . . | . . . . . | . ]
//             part 1  [ . . . . | . . . . . | . ]     one invocation per element, or per four of them
//             …       ↓ ↓ ↓ ↓   ↓ ↓ ↓ ↓ ↓   ↓
//                     dW        dR          db        those of them that anybody reads
//
// specialise
alias value = vec4<f32>;
struct Params {
  size: u32, // all in counts of `value`
  dr_start: u32,
  db_start: u32,
  parts: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<value>;
@group(0) @binding(2) var<storage, read_write> dw: array<value>;
@group(0) @binding(3) var<storage, read_write> dr: array<value>;
@group(0) @binding(4) var<storage, read_write> db: array<value>;
fn store_dw(index: u32, sum: value) { dw[index] = sum; }
fn store_dr(index: u32, sum: value) { dr[index] = sum; }
fn store_db(index: u32, sum: value) { db[index] = sum; }
// end

const FOLD_WIDTH = 32768u;
const LANES = 64u;

@compute @workgroup_size(LANES)
fn recurrent_weights_combine(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (index >= params.size) {
    return;
  }
  var sum = value();
  for (var part = 0u; part < params.parts; part++) {
    sum += partial[part * params.size + index];
  }
  if (index < params.dr_start) {
    store_dw(index, sum);
  } else if (index < params.db_start) {
    store_dr(index - params.dr_start, sum);
  } else {
    store_db(index - params.db_start, sum);
  }
}
