// All steps of a simple recurrent layer, from the pre-activations on: only what goes through h is done here. (Backward:
// simple-rnn-gradient.wgsl.)
//
//   h' = candidate(pre + (h ⊙ factors)·R)          factors: of recurrent dropout
//
// pre and sequence (which takes its place) are [B, T, D·H], R [H, D·H], state and finals [B, D·H]: D directions stand side by side, and
// run independently of each other.
//
//   one workgroup: ROWS rows of the batch × one direction, all steps from params.begin to params.end
//
//        R [H, H]       unit
//                 k ↓  [ . . ■ . . ]     an invocation owns QUADS elems of units (of 4, or 1) of EACH rows, so that a step ends where
//   h  k →             ┌───────────┐     its sums are: h' is stored, then a barrier, one a step, and the next step reads it
//   [row]              │     ■     │
//   [row]              │     ■     │
//                      └───────────┘
//
// What a workgroup shares goes through the sequence: see gru.wgsl for why, and for EACH, STEPWISE and SHARED. QUADS = 4, where units are
// many, reads h fewer times.
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
const QUADS = 4u; // elems of an invocation: 4, or 1
const LANES = 8u;
const TURNS = 1u;
const STEPWISE = false; // one step a dispatch
const SHARED = false; // R is loaded for each other
const STATE = true;
const DROPOUT = true;
struct Params {
  batch: u32,
  steps: u32,
  begin: u32,
  end: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sequence: array<elem>;
@group(0) @binding(2) var<storage, read> recurrent_kernel: array<elem>;
@group(0) @binding(3) var<storage, read> state: array<elem>;
@group(0) @binding(4) var<storage, read> rows: array<f32>;
@group(0) @binding(5) var<storage, read_write> finals: array<elem>;
fn initial(at: u32) -> elem { return state[at]; }
fn initial_h(at: u32, k: u32) -> f32 { return state[at + k / WIDTH][k % WIDTH]; }
fn counts(row: u32, t: u32) -> bool { return rows[row * (params.steps + DIRECTIONS * UNITS * WIDTH) + t] > 0.5; }
fn factor(row: u32, k: u32) -> f32 { return rows[row * (params.steps + DIRECTIONS * UNITS * WIDTH) + params.steps + k]; }
fn load_h(at: u32, k: u32) -> f32 { return sequence[at + k / WIDTH][k % WIDTH]; }
fn store_sequence(at: u32, value: elem) { sequence[at] = value; }
fn store_final(at: u32, value: elem) { finals[at] = value; }
fn candidate(x: elem) -> elem { return max(x, elem(0)); }
// What tells the invocations of a workgroup apart.
struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
}
// Four elems of R for all invocations that are at the same units, `stride` apart: their shares, where these are SHARED.
fn kernel_elems(lane: u32, at: u32, stride: u32) -> array<elem, 4> {
  return array<elem, 4>(
    recurrent_kernel[at], recurrent_kernel[at + stride], recurrent_kernel[at + 2u * stride], recurrent_kernel[at + 3u * stride]);
}
// end

const FOLD_WIDTH = 32768u;

// Sums for the elems of one row.
alias Four = array<elem, 4>;

// What an invocation owns: EACH rows from `row`, QUADS elems from `unit`. Rows are clamped to the batch where they are read.
struct Place {
  lane: u32,
  direction: u32,
  row: u32,
  unit: u32,
  is_inside: bool,
}

fn place_of(invocation: Invocation, turn: u32) -> Place {
  let wid = invocation.wid;
  let own = turn * LANES + invocation.lane;
  let across = UNITS_HERE / QUADS;
  // Who shares R is at the same units of other rows.
  let line = select(own / across, own % LANES, SHARED);
  let column = select(own % across, own / LANES, SHARED);
  var place: Place;
  place.lane = invocation.lane;
  place.direction = wid.z % DIRECTIONS;
  place.row = (wid.y * FOLD_WIDTH + wid.x) * ROWS + line * EACH;
  place.unit = wid.z / DIRECTIONS * UNITS_HERE + column * QUADS;
  place.is_inside = SHARED || (own < across * (ROWS / EACH) && place.row < params.batch && place.unit < UNITS);
  return place;
}

fn time_of(direction: u32, step: u32) -> u32 {
  return select(step, params.steps - 1u - step, ((BACKWARDS >> direction) & 1u) == 1u);
}

fn clamped(row: u32) -> u32 { return min(row, params.batch - 1u); }

// Where unit 0 of a row lies in [B, D·H], and in [B, T, D·H].
fn state_at(direction: u32, row: u32) -> u32 { return (clamped(row) * DIRECTIONS + direction) * UNITS; }
fn line_at(direction: u32, row: u32, step: u32) -> u32 {
  return ((clamped(row) * params.steps + time_of(direction, step)) * DIRECTIONS + direction) * UNITS;
}

// Row k of R at an elem of units.
fn kernel_elem(direction: u32, unit: u32, k: u32) -> elem {
  return recurrent_kernel[(k * DIRECTIONS + direction) * UNITS + unit];
}

fn kernel_at(place: Place, k: u32) -> u32 { return (k * DIRECTIONS + place.direction) * UNITS + place.unit; }

fn add_line(sums: ptr<function, Four>, h: f32, r: Four) {
  (*sums)[0] = fma(elem(h), r[0], (*sums)[0]);
  if (QUADS > 1u) {
    (*sums)[1] = fma(elem(h), r[1], (*sums)[1]);
    (*sums)[2] = fma(elem(h), r[2], (*sums)[2]);
    (*sums)[3] = fma(elem(h), r[3], (*sums)[3]);
  }
}

// Unit k of h, which begins at `at`, of the place's `row`.
fn h_before(place: Place, at: u32, row: u32, k: u32) -> f32 {
  if (row >= EACH) {
    return 0.0;
  }
  if (DROPOUT) {
    return load_h(at, k) * factor(clamped(place.row + row), place.direction * UNITS * WIDTH + k);
  }
  return load_h(at, k);
}

// What the initial state adds: rows need not share R in one step of many.
fn from_state(direction: u32, row: u32, unit: u32) -> elem {
  var sum = elem();
  for (var k = 0u; STATE && k < UNITS * WIDTH; k++) {
    let h = initial_h(state_at(direction, row), k) * factor(row, direction * UNITS * WIDTH + k);
    sum = fma(elem(h), kernel_elem(direction, unit, k), sum);
  }
  return sum;
}

fn finish_forward(direction: u32, row: u32, unit: u32, step: u32, from_before: elem) {
  let own = state_at(direction, row) + unit;
  let at = line_at(direction, row, step) + unit;
  var before: elem;
  var sum = from_before;
  if (step == 0u) {
    before = initial(own);
    sum = from_state(direction, row, unit);
  } else {
    before = sequence[line_at(direction, row, step - 1u) + unit];
  }
  var after = candidate(sequence[at] + sum);
  if (!counts(row, time_of(direction, step))) {
    after = before;
  }
  store_sequence(at, after);
  if (step + 1u == params.steps) {
    store_final(own, after);
  }
}

fn forward(place: Place, step: u32) {
  // Arrays that are indexed by a variable live in memory: the sums have names of their own.
  var s0 = Four();
  var s1 = Four();
  var s2 = Four();
  var s3 = Four();
  var s4 = Four();
  var s5 = Four();
  var s6 = Four();
  var s7 = Four();
  if (step > 0u) {
    let direction = place.direction;
    let h0 = line_at(direction, place.row, step - 1u);
    let h1 = line_at(direction, place.row + 1u, step - 1u);
    let h2 = line_at(direction, place.row + 2u, step - 1u);
    let h3 = line_at(direction, place.row + 3u, step - 1u);
    let h4 = line_at(direction, place.row + 4u, step - 1u);
    let h5 = line_at(direction, place.row + 5u, step - 1u);
    let h6 = line_at(direction, place.row + 6u, step - 1u);
    let h7 = line_at(direction, place.row + 7u, step - 1u);
    for (var k = 0u; k < UNITS * WIDTH; k++) {
      let r = kernel_elems(place.lane, kernel_at(place, k), 1u);
      let a0 = h_before(place, h0, 0u, k);
      let a1 = h_before(place, h1, 1u, k);
      let a2 = h_before(place, h2, 2u, k);
      let a3 = h_before(place, h3, 3u, k);
      let a4 = h_before(place, h4, 4u, k);
      let a5 = h_before(place, h5, 5u, k);
      let a6 = h_before(place, h6, 6u, k);
      let a7 = h_before(place, h7, 7u, k);
      add_line(&s0, a0, r);
      if (EACH > 1u) {
        add_line(&s1, a1, r);
        add_line(&s2, a2, r);
        add_line(&s3, a3, r);
      }
      if (EACH > 4u) {
        add_line(&s4, a4, r);
        add_line(&s5, a5, r);
        add_line(&s6, a6, r);
        add_line(&s7, a7, r);
      }
    }
  }
  var sums = array<Four, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  // Not from a constant to a constant, so that no compiler unrolls it.
  let end = min(place.row + EACH, params.batch) * QUADS;
  for (var own = place.row * QUADS; own < end; own++) {
    let row = own / QUADS;
    let index = own % QUADS;
    finish_forward(place.direction, row, place.unit + index, step, sums[row - place.row][index]);
  }
}

@compute @workgroup_size(LANES)
fn simple_rnn_forward(invocation: Invocation) {
  for (var step = params.begin; step < params.end; step++) {
    for (var turn = 0u; turn < TURNS; turn++) {
      let place = place_of(invocation, turn);
      if (place.is_inside) {
        forward(place, step);
      }
    }
    if (!STEPWISE && !SHARED) {
      storageBarrier();
    }
  }
}
