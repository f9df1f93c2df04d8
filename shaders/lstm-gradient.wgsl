// Back through all steps of an LSTM (lstm.wgsl): gradients of the pre-activations, in the place of the gates, and of the state before.
//
//   dh = dsequence[t] + what is handed on + (Σ over gates and units of the later step: its gradients · Rᵀ) ⊙ factors
//   dc = what is handed on + dh·o·candidate'(c')       y = candidate(c')       slopes are functions of the value that has them
//   d[i f g o] = [dc·g  dc·c  dc·i  dh·y] ⊙ slopes     handed on: dc·f; of a masked step dh and dc, and its gradients are 0
//
// gates [B, T, D·4·H], R [H, D·4·H], carry (the cell states) and dsequence [B, T, D·H], dfinals and dstate [2, B, D·H].
//
//   one workgroup: ROWS rows of the batch × one direction, positions p from params.begin to params.end
//
//   the direction's steps     0     1     2     3  ...  T−1           p = T stands for the state before step 0: its gradient is
//                             ◄─────────────────────────              what is handed on there
//   p                   T    T−1                 ...   0
//
//   The product of a step is [ROWS, 4·H] · [4·H, H]. Gate by gate, owners put the gradients of their units into the workgroup's memory,
//   in the half that is free; after a barrier all of them add these times their units' rows of R, which run along the units of a gate:
//
//        Rᵀ, one gate    unit        unit           an invocation owns units (as elems: 4, or 1) in some rows: their sums, and later
//   d     k →  ┌───────────┬───────────┐            the gates of these very units
//   [row]      │           │     ■     │
//   [row]      │           │     ■     │
//              └───────────┴───────────┘
//
//   lstm_gradient_rows    QUADS quads of units × EACH = 4 or 8 rows in the registers of an invocation, 16 × 8 where H allows: the fast
//                         one where the processor is the GPU.
//   lstm_gradient_single  one row at a time, 4 units or 1: any number of units (the invocations take turns), single rows, and GPUs,
//   where it finds R transposed, so that neighbours read neighbours (`product`).
//
// STEPWISE, both make one position a dispatch instead: the units are spread over workgroups too, the later step's gradients come from
// the gates, what is handed on lies in memory, and nothing is shared.
//
// specialise
alias elem = vec4<f32>;
const WIDTH = 4u; // units of an elem
const UNITS = 32u; // elems of H
const UNITS_HERE = 32u; // of a workgroup
const DIRECTIONS = 1u;
const BACKWARDS = 0u; // a bit for each direction
const ROWS = 8u; // of a workgroup
const EACH = 8u; // of an invocation
const QUADS = 4u; // elems of an invocation
const LANES = 8u;
const STEPWISE = false;
const SHARED_QUADS = 512u; // of workgroup memory: lstm_gradient_rows
const SHARED = 64u; // lstm_gradient_single
const HELD = 256u; // elems that a workgroup owns
struct Params {
  batch: u32,
  steps: u32,
  begin: u32,
  end: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<elem>;
@group(0) @binding(2) var<storage, read> recurrent_kernel: array<elem>;
@group(0) @binding(3) var<storage, read> carry: array<elem>;
@group(0) @binding(4) var<storage, read> state: array<elem>;
@group(0) @binding(5) var<storage, read> rows: array<f32>;
@group(0) @binding(6) var<storage, read> dsequence: array<elem>;
@group(0) @binding(7) var<storage, read> dfinals: array<elem>;
@group(0) @binding(8) var<storage, read_write> dstate: array<elem>;
fn meet() { workgroupBarrier(); }
fn outside(unit: u32) -> bool { return false; }
fn part(value: elem, unit: u32) -> f32 { return value[unit]; }
fn to_four(value: elem) -> vec4<f32> { return value; }
fn from_four(value: vec4<f32>) -> elem { return value; }
fn initial(at: u32) -> elem { return state[at]; }
fn counts(row: u32, t: u32) -> bool { return rows[row * (params.steps + UNITS * WIDTH) + t] > 0.5; }
fn factors(row: u32, unit: u32) -> elem {
  let at = row * (params.steps + UNITS * WIDTH) + params.steps + unit * WIDTH;
  return elem(rows[at], rows[at + 1u], rows[at + 2u], rows[at + 3u]);
}
fn load_dsequence(at: u32) -> elem { return dsequence[at]; }
fn load_dfinal_h(at: u32) -> elem { return dfinals[at]; }
fn load_dfinal_c(at: u32) -> elem { return dfinals[at]; }
fn load_dstate(at: u32) -> elem { return dstate[at]; }
fn store_dstate(at: u32, value: elem) { dstate[at] = value; }
// An elem of the later step's gradients times R at the same columns (`column` an elem of them), of each unit of an elem.
fn product(d: elem, unit: u32, column: u32) -> elem {
  let at = unit * WIDTH * COLUMNS + column;
  return elem(
    dot(d, recurrent_kernel[at]),
    dot(d, recurrent_kernel[at + COLUMNS]),
    dot(d, recurrent_kernel[at + 2u * COLUMNS]),
    dot(d, recurrent_kernel[at + 3u * COLUMNS]));
}
fn gate_slope(y: elem) -> elem { return y * (elem(1) - y); }
fn candidate(x: elem) -> elem { return max(x, elem(0)); }
fn candidate_slope(y: elem) -> elem { return select(elem(0), elem(1), y > elem(0)); }
// end

const FOLD_WIDTH = 32768u;
const GATES = 4u;
const COLUMNS = DIRECTIONS * GATES * UNITS; // of R, in elems

alias Gates = array<elem, 4>;
// Four units of four rows, or four columns of four rows.
alias Quad = array<vec4<f32>, 4>;

// What is handed on from position to position, of one row: gradients of h and c.
struct State {
  h: elem,
  c: elem,
}

// Whose numbers: rows are rows of the batch, and clamped to it where they are read.
struct Place {
  direction: u32,
  row: u32,
  unit: u32,
}

// Gradients of one gate, twice: [unit, rows in quads], or [unit].
var<workgroup> shared_quads: array<vec4<f32>, SHARED_QUADS>;
var<workgroup> shared_single: array<elem, SHARED>;
// What invocations keep from position to position.
var<workgroup> held: array<State, HELD>;

// The place of unit 0 of the first row of a workgroup.
fn place_of(wid: vec3<u32>) -> Place {
  return Place(wid.z % DIRECTIONS, (wid.y * FOLD_WIDTH + wid.x) * ROWS, wid.z / DIRECTIONS * UNITS_HERE);
}

fn moved(place: Place, row: u32, unit: u32) -> Place {
  return Place(place.direction, place.row + row, place.unit + unit);
}

fn inside(row: u32) -> u32 { return min(row, params.batch - 1u); }

fn time_of(direction: u32, p: u32) -> u32 {
  return select(params.steps - 1u - p, p, ((BACKWARDS >> direction) & 1u) == 1u);
}

// [B, T, D·H], and times 4 [B, T, D·4·H].
fn line_at(place: Place, p: u32) -> u32 {
  return ((inside(place.row) * params.steps + time_of(place.direction, p)) * DIRECTIONS + place.direction) * UNITS;
}

// [2, B, D·H]
fn state_at(place: Place, which: u32) -> u32 {
  return ((which * params.batch + inside(place.row)) * DIRECTIONS + place.direction) * UNITS + place.unit;
}

// Where the units of a gate begin: in the gradients of the step before position p, and in the rows of R.
fn later_at(place: Place, p: u32, gate: u32) -> u32 { return line_at(place, p - 1u) * GATES + gate * UNITS; }
fn column_at(place: Place, gate: u32) -> u32 { return (place.direction * GATES + gate) * UNITS; }

fn handed_to(place: Place, p: u32) -> State {
  let h = state_at(place, 0u);
  let c = state_at(place, 1u);
  if (p == 0u) {
    return State(load_dfinal_h(h), load_dfinal_c(c));
  }
  return State(load_dstate(h), load_dstate(c));
}

fn hand_on(place: Place, rest: State) {
  if (place.row < params.batch) {
    store_dstate(state_at(place, 0u), rest.h);
    store_dstate(state_at(place, 1u), rest.c);
  }
}

// The cell state that the step of position p started from.
fn cell_before(place: Place, p: u32) -> elem {
  if (p + 1u == params.steps) {
    return initial(state_at(place, 1u));
  }
  return carry[line_at(place, p + 1u) + place.unit];
}

// With a sum, or a part of one, over the later step's gradients.
fn add_sum(place: Place, sum: elem, rest: State) -> State {
  return State(fma(sum, factors(inside(place.row), place.direction * UNITS + place.unit), rest.h), rest.c);
}

// The sums of a quad of units in four rows, from `row` on: they meet what is handed on.
fn add_quad(first: Place, quad: u32, row: u32, lane: u32, sums: Quad) {
  if (row < EACH) {
    let own = (quad * EACH + row) * LANES + lane;
    held[own] = add_sum(moved(first, row, quad), from_four(vec4<f32>(sums[0].x, sums[1].x, sums[2].x, sums[3].x)), held[own]);
    held[own + LANES] =
      add_sum(moved(first, row + 1u, quad), from_four(vec4<f32>(sums[0].y, sums[1].y, sums[2].y, sums[3].y)), held[own + LANES]);
    held[own + 2u * LANES] =
      add_sum(moved(first, row + 2u, quad), from_four(vec4<f32>(sums[0].z, sums[1].z, sums[2].z, sums[3].z)), held[own + 2u * LANES]);
    held[own + 3u * LANES] =
      add_sum(moved(first, row + 3u, quad), from_four(vec4<f32>(sums[0].w, sums[1].w, sums[2].w, sums[3].w)), held[own + 3u * LANES]);
  }
}

// What follows the product at position p.
fn finish_step(place: Place, p: u32, before: State) -> State {
  if (p == params.steps) {
    return before;
  }
  let line = line_at(place, p);
  let at = line * GATES + place.unit;
  let dh = before.h + load_dsequence(line + place.unit);
  var gradients = Gates();
  var after = State(dh, before.c);
  if (counts(inside(place.row), time_of(place.direction, p))) {
    let i = gates[at];
    let f = gates[at + UNITS];
    let g = gates[at + 2u * UNITS];
    let o = gates[at + 3u * UNITS];
    let y = candidate(carry[line + place.unit]);
    let dc = fma(dh * o, candidate_slope(y), before.c);
    gradients[0] = dc * g * gate_slope(i);
    gradients[1] = dc * cell_before(place, p) * gate_slope(f);
    gradients[2] = dc * i * candidate_slope(g);
    gradients[3] = dh * y * gate_slope(o);
    after = State(elem(), dc * f);
  }
  if (place.row < params.batch) {
    gates[at] = gradients[0];
    gates[at + UNITS] = gradients[1];
    gates[at + 2u * UNITS] = gradients[2];
    gates[at + 3u * UNITS] = gradients[3];
  }
  return after;
}

fn half_of(p: u32, gate: u32) -> u32 { return (p * GATES + gate) % 2u; }

// One gate of the place's unit, for all to read.
fn share_quad(place: Place, p: u32, gate: u32, local: u32) {
  if (STEPWISE) {
    return;
  }
  let d = gates[later_at(place, p, gate) + place.unit];
  for (var j = 0u; j < WIDTH; j++) {
    shared_quads[(half_of(p, gate) * (UNITS * WIDTH) + place.unit * WIDTH + j) * (ROWS / 4u) + local / 4u][local % 4u] = part(d, j);
  }
}

// Four neighbouring units of a gate's gradients, `k` an elem of them: each as a vec4 of rows from the place's on.
fn later_quad(place: Place, p: u32, gate: u32, local: u32, k: u32) -> Quad {
  if (STEPWISE) {
    var at = vec4<u32>();
    for (var row = 0u; row < 4u; row++) {
      at[row] = later_at(Place(place.direction, place.row + row, place.unit), p, gate) + k;
    }
    var d: Quad;
    for (var j = 0u; j < 4u; j++) {
      d[j] = vec4<f32>(part(gates[at.x], j), part(gates[at.y], j), part(gates[at.z], j), part(gates[at.w], j));
    }
    return d;
  }
  let at = (half_of(p, gate) * (UNITS * WIDTH) + k * 4u) * (ROWS / 4u) + local / 4u;
  return Quad(
    shared_quads[at], shared_quads[at + ROWS / 4u], shared_quads[at + ROWS / 2u], shared_quads[at + ROWS / 4u * 3u]);
}

fn add_column(sums: ptr<function, Quad>, d: vec4<f32>, r: vec4<f32>) {
  (*sums)[0] = fma(d, vec4<f32>(r.x), (*sums)[0]);
  (*sums)[1] = fma(d, vec4<f32>(r.y), (*sums)[1]);
  (*sums)[2] = fma(d, vec4<f32>(r.z), (*sums)[2]);
  (*sums)[3] = fma(d, vec4<f32>(r.w), (*sums)[3]);
}

// Four columns of R at four units, for 4 or 8 rows.
fn add_quads(low: ptr<function, Quad>, high: ptr<function, Quad>, d: Quad, e: Quad, at: u32) {
  let r0 = to_four(recurrent_kernel[at]);
  let r1 = to_four(recurrent_kernel[at + COLUMNS]);
  let r2 = to_four(recurrent_kernel[at + 2u * COLUMNS]);
  let r3 = to_four(recurrent_kernel[at + 3u * COLUMNS]);
  add_column(low, d[0], vec4<f32>(r0.x, r1.x, r2.x, r3.x));
  add_column(low, d[1], vec4<f32>(r0.y, r1.y, r2.y, r3.y));
  add_column(low, d[2], vec4<f32>(r0.z, r1.z, r2.z, r3.z));
  add_column(low, d[3], vec4<f32>(r0.w, r1.w, r2.w, r3.w));
  if (EACH > 4u) {
    add_column(high, e[0], vec4<f32>(r0.x, r1.x, r2.x, r3.x));
    add_column(high, e[1], vec4<f32>(r0.y, r1.y, r2.y, r3.y));
    add_column(high, e[2], vec4<f32>(r0.z, r1.z, r2.z, r3.z));
    add_column(high, e[3], vec4<f32>(r0.w, r1.w, r2.w, r3.w));
  }
}

@compute @workgroup_size(LANES)
fn lstm_gradient_rows(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid);
  if (place.row >= params.batch) {
    return;
  }
  const across = UNITS_HERE / QUADS;
  let local = lane / across * EACH;
  let first = moved(place, local, lane % across * QUADS);
  if (outside(first.unit)) {
    return;
  }
  for (var own = 0u; own < EACH * QUADS; own++) {
    held[own * LANES + lane] = handed_to(moved(first, own % EACH, own / EACH), params.begin);
  }
  for (var p = params.begin; p < params.end; p++) {
    // By quad of units and of rows. Named, not an array: compilers unroll whatever indexes a private array, and take a minute for it.
    var s00 = Quad();
    var s01 = Quad();
    var s10 = Quad();
    var s11 = Quad();
    var s20 = Quad();
    var s21 = Quad();
    var s30 = Quad();
    var s31 = Quad();
    if (p > 0u) {
      for (var gate = 0u; gate < GATES; gate++) {
        for (var own = 0u; own < EACH * QUADS; own++) {
          share_quad(moved(first, own % EACH, own / EACH), p, gate, local + own % EACH);
        }
        meet();
        let at = first.unit * WIDTH * COLUMNS + column_at(first, gate);
        for (var k = 0u; k < UNITS; k++) {
          let d = later_quad(first, p, gate, local, k);
          var e = Quad();
          if (EACH > 4u) {
            e = later_quad(moved(first, 4u, 0u), p, gate, local + 4u, k);
          }
          add_quads(&s00, &s01, d, e, at + k);
          if (QUADS > 1u) {
            add_quads(&s10, &s11, d, e, at + k + WIDTH * COLUMNS);
            add_quads(&s20, &s21, d, e, at + k + 2u * WIDTH * COLUMNS);
            add_quads(&s30, &s31, d, e, at + k + 3u * WIDTH * COLUMNS);
          }
        }
      }
    }
    add_quad(first, 0u, 0u, lane, s00);
    add_quad(first, 0u, 4u, lane, s01);
    if (QUADS > 1u) {
      add_quad(first, 1u, 0u, lane, s10);
      add_quad(first, 1u, 4u, lane, s11);
      add_quad(first, 2u, 0u, lane, s20);
      add_quad(first, 2u, 4u, lane, s21);
      add_quad(first, 3u, 0u, lane, s30);
      add_quad(first, 3u, 4u, lane, s31);
    }
    for (var own = 0u; own < EACH * QUADS; own++) {
      held[own * LANES + lane] = finish_step(moved(first, own % EACH, own / EACH), p, held[own * LANES + lane]);
    }
  }
  for (var own = 0u; own < EACH * QUADS; own++) {
    hand_on(moved(first, own % EACH, own / EACH), held[own * LANES + lane]);
  }
}

// One gate of the place's unit, for all to read, and what anybody wrote there.
fn share_elem(place: Place, p: u32, gate: u32) {
  if (!STEPWISE) {
    shared_single[half_of(p, gate) * UNITS + place.unit] = gates[later_at(place, p, gate) + place.unit];
  }
}
fn later_elem(place: Place, p: u32, gate: u32, k: u32) -> elem {
  if (STEPWISE) {
    return gates[later_at(place, p, gate) + k];
  }
  return shared_single[half_of(p, gate) * UNITS + k];
}

@compute @workgroup_size(LANES)
fn lstm_gradient_single(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid);
  if (place.row >= params.batch) {
    return;
  }
  let owned = min(UNITS_HERE, UNITS - place.unit);
  for (var own = lane; own < owned; own += LANES) {
    held[own] = handed_to(moved(place, 0u, own), params.begin);
  }
  for (var p = params.begin; p < params.end; p++) {
    if (p > 0u) {
      for (var gate = 0u; gate < GATES; gate++) {
        for (var own = lane; own < owned; own += LANES) {
          share_elem(moved(place, 0u, own), p, gate);
        }
        meet();
        for (var own = lane; own < owned; own += LANES) {
          let mine = moved(place, 0u, own);
          let column = column_at(mine, gate);
          var sum = elem();
          for (var k = 0u; k < UNITS; k++) {
            sum += product(later_elem(mine, p, gate, k), mine.unit, column + k);
          }
          held[own] = add_sum(mine, sum, held[own]);
        }
      }
    }
    for (var own = lane; own < owned; own += LANES) {
      held[own] = finish_step(moved(place, 0u, own), p, held[own]);
    }
  }
  for (var own = lane; own < owned; own += LANES) {
    hand_on(moved(place, 0u, own), held[own]);
  }
}
