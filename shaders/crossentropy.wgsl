// Softmax cross-entropy of rows of logits x[row, c], together with its gradient to the logits.
//
//   m = max over c of x[c],  s = Σ exp(x[c] − m),  T = Σ t[c]
//   loss[row]        = Σ t[c]·(log s − (x[c] − m)) = T·log s − Σ t[c]·(x[c] − m)
//   gradient[row, c] = epilogue( T·exp(x[c] − m) / s − t[c] )
//
// target_at gives t: either the stored targets[row, c], or 1 at the row's label and 0 elsewhere, so that one text serves both
// kinds. A label is clamped to 0 … CLASSES − 1: it can never lead outside the row.
//
//             c →                         crossentropy_serial: one invocation per row makes three passes over it;
//   row     [ . . . . . . . . ] → loss    crossentropy_tree:   one workgroup per row: each invocation takes every
//     ↓     [ . . . . . . . . ] → loss                         WIDTH-th class, partial results meet pairwise.
//
// crossentropy_serial is for few classes (10) and for software adapters; crossentropy_tree for many classes on GPUs. The
// gradient costs one more pass over logits that are in cache, so loss and gradient of a training step are one dispatch;
// store_loss and store_gradient are empty where nobody reads their result.
//
// specialise
const WIDTH = 64u;
const WITH_GRADIENT = true;
struct Params {
  rows: u32,
  extent: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;
const EXTENT = 10u;
fn read_extent() {}
fn label_of(row: u32) -> u32 { return u32(clamp(labels[row], 0, i32(EXTENT) - 1)); }
fn target_at(index: u32, c: u32, label: u32) -> f32 { return select(0.0, 1.0, c == label); }
fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }
fn store_loss(row: u32, loss: f32) { losses[row] = loss; }
fn store_gradient(index: u32, row: u32, c: u32, value: f32) { gradient[index] = epilogue(value, row, c); }
// end

const FOLD_WIDTH = 32768u;
var<workgroup> partial: array<f32, WIDTH>;
var<workgroup> partial_sums: array<vec3f, WIDTH>;

@compute @workgroup_size(WIDTH)
fn crossentropy_serial(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (wid.y * FOLD_WIDTH + wid.x) * WIDTH + lane;
  if (row >= params.rows) {
    return;
  }
  read_extent();
  let start = row * EXTENT;
  let label = label_of(row);
  var largest = logits[start];
  // Not from a constant to a constant: unrolled, ten classes take lavapipe three times as long to compile.
  let end = start + EXTENT;
  for (var index = start; index < end; index++) {
    largest = max(largest, logits[index]);
  }
  var total = 0.0; // s
  var mass = 0.0; // T
  var picked = 0.0; // Σ t[c]·(x[c] − m)
  for (var index = start; index < end; index++) {
    let distance = logits[index] - largest;
    let expected = target_at(index, index - start, label);
    total += exp(distance);
    mass += expected;
    picked = fma(expected, distance, picked);
  }
  store_loss(row, mass * log(total) - picked);
  if (WITH_GRADIENT) {
    let scale = mass / total;
    for (var index = start; index < end; index++) {
      let c = index - start;
      store_gradient(index, row, c, exp(logits[index] - largest) * scale - target_at(index, c, label));
    }
  }
}

@compute @workgroup_size(WIDTH)
fn crossentropy_tree(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = wid.y * FOLD_WIDTH + wid.x;
  if (row >= params.rows) {
    return;
  }
  read_extent();
  let start = row * EXTENT;
  let label = label_of(row);
  let turns = (EXTENT + WIDTH - 1u) / WIDTH;

  var largest = logits[start];
  for (var turn = 0u; turn < turns; turn++) {
    let c = turn * WIDTH + lane;
    if (c < EXTENT) {
      largest = max(largest, logits[start + c]);
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

  var sums = vec3f(0.0); // s, T, Σ t[c]·(x[c] − m)
  for (var turn = 0u; turn < turns; turn++) {
    let c = turn * WIDTH + lane;
    if (c < EXTENT) {
      let distance = logits[start + c] - largest;
      let expected = target_at(start + c, c, label);
      sums += vec3f(exp(distance), expected, expected * distance);
    }
  }
  partial_sums[lane] = sums;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half >>= 1u) {
    if (lane < half) {
      partial_sums[lane] += partial_sums[lane + half];
    }
    workgroupBarrier();
  }
  sums = partial_sums[0];

  if (lane == 0u) {
    store_loss(row, sums.y * log(sums.x) - sums.z);
  }
  if (WITH_GRADIENT) {
    let scale = sums.y / sums.x;
    for (var turn = 0u; turn < turns; turn++) {
      let c = turn * WIDTH + lane;
      if (c < EXTENT) {
        let index = start + c;
        store_gradient(index, row, c, exp(logits[index] - largest) * scale - target_at(index, c, label));
      }
    }
  }
}
