// Stochastic gradient descent with momentum: one dispatch updates all variables of a model. Parameters, gradients and velocities
// stand in ranges of equal layout, each tensor at a multiple of 256 bytes (the picture is in adam.wgsl).
//
//   without momentum:   p ← p − lr·g
//   with:               u ← μ·u − lr·g,   p ← p + u              Nesterov: p ← p + μ·u − lr·g
//
// Nothing is written where `apply` is 0. Results are judged by their bits, as in adam.wgsl: an element that would not be
// finite keeps its old values and raises `fault`; what lies between tensors raises nothing.
//
//   control (one binding, a 256-byte slot each):  step | apply | fault          `begin` as in adam.wgsl

// specialise
struct Params {
  quads: u32,
  momentum: f32,
  end_0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> velocities: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(5) var<storage, read_write> control: array<atomic<u32>>;

fn is_member(words: vec4<u32>) -> vec4<bool> {
  return words < vec4<u32>(params.end_0);
}

fn update(i: u32, rate: f32) {
  let p = weights[i];
  let u = velocities[i];
  let pull = rate * gradients[i];
  let next_u = params.momentum * u - pull;
  let next_p = p + next_u;
  let sound = is_finite(pull) & is_finite(next_u) & is_finite(next_p);
  velocities[i] = select(u, next_u, sound);
  store(i, p, next_p, sound);
}

fn begin(lane: u32) {}
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;
const QUADS = 4u;
const SLOT = 64u;
const STEP = 0u;
const APPLY = 1u * SLOT;
const FAULT = 2u * SLOT;

fn is_finite(value: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(value) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u);
}

fn store(i: u32, p: vec4<f32>, next_p: vec4<f32>, sound: vec4<bool>) {
  weights[i] = select(p, next_p, sound);
  // Members are many, faults are none: who asks for a fault first seldom asks whose it is.
  if (any(!sound)) {
    if (any(!sound & is_member(i * 4u + vec4<u32>(0u, 1u, 2u, 3u)))) {
      atomicStore(&control[FAULT], 1u);
    }
  }
}

@compute @workgroup_size(LANES)
fn sgd(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  begin(lane);
  if (atomicLoad(&control[APPLY]) == 0u) {
    return;
  }
  // Bounded as in adam.wgsl.
  let first = (wid.y * FOLD_WIDTH + wid.x) * LANES * QUADS + lane;
  let end = min(first + LANES * QUADS, params.quads);
  for (var i = first; i < end; i += LANES) {
    update(i, learning_rate[0]);
  }
}
