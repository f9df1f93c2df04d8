// Adam and AdamW: one dispatch updates all variables of a model. Parameters, gradients and both moments stand in four ranges of
// equal layout, each tensor at a multiple of 256 bytes:
//
//   ┌─ tensor 0 ─┬pad┬─ tensor 1 ─┬─ pad ─┬─ … ─┐     an invocation takes 4 quads of words, 64 quads apart
//   start_0   end_0  start_1    end_1
//
//   p ← p − lr·decay·p                              decoupled weight decay; 0 is plain Adam
//   m ← m + (g − m)·(1 − β₁)
//   v ← v + (g² − v)·(1 − β₂)
//   p ← p − α·m / (√v + ε),   α = lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ)
//
// 1 − βᵗ is −expm1(t·ln β), with ln β computed in double precision on the host: the difference itself would lose half the digits of a
// float while βᵗ is near 1. Nothing is written where `apply` is 0. A device may assume that there is no NaN, so results are
// judged by their bits: an element that would not be finite keeps its old values and raises `fault`. What lies between tensors
// is garbage and is updated with the rest, but raises nothing.
//
//   control (one binding, a 256-byte slot each):  step (t, from 1) | apply | fault
//
// Where nothing before it begins the step, and one workgroup updates everything, `begin` does what begin-step.wgsl does.

// specialise
struct Params {
  quads: u32,
  complement_1: f32,
  complement_2: f32,
  log_beta_1: f32,
  log_beta_2: f32,
  epsilon: f32,
  decay: f32,
  end_0: u32,
  start_1: u32,
  end_1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> first_moments: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> second_moments: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(6) var<storage, read_write> control: array<atomic<u32>>;

fn is_member(words: vec4<u32>) -> vec4<bool> {
  var inside = words < vec4<u32>(params.end_0);
  inside |= (words >= vec4<u32>(params.start_1)) & (words < vec4<u32>(params.end_1));
  return inside;
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

// 1 − exp(x) for x ≤ 0.
fn complement_of_exp(x: f32) -> f32 {
  if (x < -0.5) {
    return 1.0 - exp(max(x, -80.0));
  }
  var series = 1.0 + x * (1.0 / 8.0);
  series = 1.0 + x * (1.0 / 7.0) * series;
  series = 1.0 + x * (1.0 / 6.0) * series;
  series = 1.0 + x * (1.0 / 5.0) * series;
  series = 1.0 + x * (1.0 / 4.0) * series;
  series = 1.0 + x * (1.0 / 3.0) * series;
  series = 1.0 + x * (1.0 / 2.0) * series;
  return -x * series;
}

fn raise_fault(sound: vec4<bool>, quad: u32) {
  if (any(!sound & is_member(quad * 4u + vec4<u32>(0u, 1u, 2u, 3u)))) {
    atomicStore(&control[FAULT], 1u);
  }
}

fn update(i: u32, rate: f32, alpha: f32) {
  let g = gradients[i];
  let p = weights[i];
  let m = first_moments[i];
  let v = second_moments[i];
  let next_m = m + (g - m) * params.complement_1;
  let next_v = v + (g * g - v) * params.complement_2;
  let next_p = p - p * (rate * params.decay) - alpha * next_m / (sqrt(next_v) + params.epsilon);
  let sound = is_finite(g) & is_finite(next_m) & is_finite(next_v) & is_finite(next_p);
  weights[i] = select(p, next_p, sound);
  first_moments[i] = select(m, next_m, sound);
  second_moments[i] = select(v, next_v, sound);
  // Members are many, faults are none: who asks for a fault first seldom asks whose it is.
  if (!all(sound)) {
    raise_fault(sound, i);
  }
}

@compute @workgroup_size(LANES)
fn adam(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  begin(lane);
  if (atomicLoad(&control[APPLY]) == 0u) {
    return;
  }
  let t = f32(atomicLoad(&control[STEP]));
  let rate = learning_rate[0];
  let correction = sqrt(complement_of_exp(t * params.log_beta_2)) / complement_of_exp(t * params.log_beta_1);
  // Not counted by a constant, so that no compiler unrolls it: lavapipe took six times as long to compile four updates.
  let first = (wid.y * FOLD_WIDTH + wid.x) * LANES * QUADS + lane;
  let end = min(first + LANES * QUADS, params.quads);
  for (var i = first; i < end; i += LANES) {
    update(i, rate, rate * correction);
  }
}
