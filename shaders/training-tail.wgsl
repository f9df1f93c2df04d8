// The last of a training step, in one workgroup: means of the batch's losses and metrics, the ring that the host reads now and then,
// the totals of the epoch, the counters, and the decision whether the optimizer may write.
//
//   sum_j  = Σ_b vector_j[b],   mean_j = sum_j / batch           vector_0 are the losses
//
//   healthy (not halted, no fault, a finite loss):               otherwise:
//     ring[step mod rows, j] = mean_j                              halted = step + 1, unless it was set before
//     totals[j] += sum_j                                           ring[step mod rows, 0] = the loss, or NaN after a fault
//     cursor += batch,  step += 1,  apply = 1                      apply = 0, and nothing else changes
//
//   control (one binding, a 256-byte slot each):  cursor | halted | step | apply | fault
//
// Sums have a fixed order: 64 strided partial sums, then those one after another. A device may assume that there is no NaN, so
// a loss is judged by its bits, each element's and the mean's; the ring holds words for the same reason.
//
// `length` is the batch, or 1 where there were more vectors than bindings and batch-sums.wgsl has added them up before.

// specialise
const COLUMNS = 2u;
struct Params {
  batch: u32,
  length: u32,
  rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> vector_0: array<f32>;
@group(0) @binding(2) var<storage, read> vector_1: array<f32>;
@group(0) @binding(3) var<storage, read_write> ring: array<u32>;
@group(0) @binding(4) var<storage, read_write> totals: array<f32>;
@group(0) @binding(5) var<storage, read_write> control: array<u32>;

fn load(column: u32, b: u32) -> f32 {
  if (column == 0u) {
    return vector_0[b];
  }
  return vector_1[b];
}
// end

const LANES = 64u;
const SLOT = 64u;
const CURSOR = 0u;
const HALTED = 1u * SLOT;
const STEP = 2u * SLOT;
const APPLY = 3u * SLOT;
const FAULT = 4u * SLOT;
const EXPONENT = 0x7f800000u;
const NOT_A_NUMBER = 0x7fc00000u;

var<workgroup> partial: array<f32, COLUMNS * LANES>;
var<workgroup> broken: array<u32, LANES>;

fn is_finite(bits: u32) -> bool {
  return (bits & EXPONENT) != EXPONENT;
}

// Partial sums of all columns, and whether a loss among them was not finite.
fn accumulate(lane: u32) {
  var bad = 0u;
  for (var column = 0u; column < COLUMNS; column++) {
    var total = 0.0;
    for (var b = lane; b < params.length; b += LANES) {
      let value = load(column, b);
      total += value;
      bad |= u32(column == 0u && !is_finite(bitcast<u32>(value)));
    }
    partial[column * LANES + lane] = total;
  }
  broken[lane] = bad;
}

fn column_sum(column: u32) -> f32 {
  var total = 0.0;
  for (var lane = 0u; lane < LANES; lane++) {
    total += partial[column * LANES + lane];
  }
  return total;
}

@compute @workgroup_size(LANES)
fn training_tail(@builtin(local_invocation_index) lane: u32) {
  accumulate(lane);
  workgroupBarrier();
  if (lane > 0u) {
    return;
  }
  let batch = f32(params.batch);
  var loss = bitcast<u32>(column_sum(0u) / batch);
  var bad = 0u;
  for (var other = 0u; other < LANES; other++) {
    bad |= broken[other];
  }
  if (bad != 0u && is_finite(loss)) {
    loss = NOT_A_NUMBER;
  }
  let step = control[STEP];
  let row = step % params.rows * COLUMNS;
  if (control[HALTED] == 0u && control[FAULT] == 0u && is_finite(loss)) {
    ring[row] = loss;
    for (var column = 0u; column < COLUMNS; column++) {
      let total = column_sum(column);
      totals[column] += total;
      if (column > 0u) {
        ring[row + column] = bitcast<u32>(total / batch);
      }
    }
    control[CURSOR] += params.batch;
    control[STEP] = step + 1u;
    control[APPLY] = 1u;
  } else {
    if (control[HALTED] == 0u) {
      control[HALTED] = step + 1u;
      ring[row] = select(loss, NOT_A_NUMBER, is_finite(loss));
    }
    control[APPLY] = 0u;
  }
}
