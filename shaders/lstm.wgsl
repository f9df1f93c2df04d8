// All steps of an LSTM, from the gates' pre-activations on: only what goes through h is done here. (Backward: lstm-gradient.wgsl.)
//
//   [i f g o] = pre + h·R          i, f, o = gate(·), g = candidate(·)         pre = x·W + b; h is multiplied by the factors of
//   c' = f·c + i·g                 h' = o·candidate(c')                        recurrent dropout in front of R
//
// pre and gates are [B, T, D·4·H] (the gates take the place of pre), R [H, D·4·H], sequence and carry (the cell states) [B, T, D·H],
// state and finals [2, B, D·H]: D directions stand side by side, and run independently of each other.
//
//   one workgroup: ROWS rows of the batch × one direction, all steps from params.begin to params.end
//
//        R [H, 4·H]      i        f        g        o
//                 k ↓  [ . ■ . | . ■ . | . ■ . | . ■ . ]    an invocation owns an elem of units (4, or 1) of EACH rows, with all
//   h  k →             ┌───────┬───────┬───────┬───────┐    gates, so that a step ends where its sums are: h' and c' are stored, then
//   [row]              │   ■   │   ■   │   ■   │   ■   │    a barrier, one a step, and the next step reads them, h' of all units,
//   [row]              │   ■   │   ■   │   ■   │   ■   │    c' of its own
//                      └───────┴───────┴───────┴───────┘
//
// Nothing goes through workgroup memory: gru.wgsl says why, and what EACH, STEPWISE and SHARED are; no sum depends on them. Where nobody
// reads the sequence it holds two steps alone, and the carry, where nobody reads it, one.
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
const LANES = 32u;
const TURNS = 1u;
const STEPWISE = false;
const SHARED = false; // R is loaded for each other
const STATE = true;
const DROPOUT = true;
const WHOLE = true; // the sequence is one; else it holds the last two steps: [2, B, D·H]
const WHOLE_CARRY = true; // else it holds the last step: [B, D·H]
struct Params {
  batch: u32,
  steps: u32,
  begin: u32,
  end: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<elem>;
@group(0) @binding(2) var<storage, read> recurrent_kernel: array<elem>;
@group(0) @binding(3) var<storage, read> state: array<elem>;
@group(0) @binding(4) var<storage, read> rows: array<f32>;
@group(0) @binding(5) var<storage, read_write> sequence: array<elem>;
@group(0) @binding(6) var<storage, read_write> finals: array<elem>;
@group(0) @binding(7) var<storage, read_write> carry: array<elem>;
fn initial(at: u32) -> elem { return state[at]; }
fn initial_h(at: u32, k: u32) -> f32 { return state[at + k / WIDTH][k % WIDTH]; }
fn counts(row: u32, t: u32) -> bool { return rows[row * (params.steps + DIRECTIONS * UNITS * WIDTH) + t] > 0.5; }
fn factor(row: u32, k: u32) -> f32 { return rows[row * (params.steps + DIRECTIONS * UNITS * WIDTH) + params.steps + k]; }
fn store_gates(at: u32, value: elem) { gates[at] = value; }
fn load_h(at: u32, k: u32) -> f32 { return sequence[at + k / WIDTH][k % WIDTH]; }
fn store_final_h(at: u32, value: elem) { finals[at] = value; }
fn store_final_c(at: u32, value: elem) { finals[at] = value; }
fn gate(x: elem) -> elem { return elem(1) / (elem(1) + exp(-x)); }
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
const GATES = 4u;

// i, f, g, o of one row.
alias Gates = array<elem, 4>;

// What an invocation owns: EACH rows from `row`, the elem `unit`. Rows are clamped to the batch where they are read.
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
  let across = UNITS_HERE;
  // Who shares R is at the same units of other rows.
  let line = select(own / across, own % LANES, SHARED);
  let column = select(own % across, own / LANES, SHARED);
  var place: Place;
  place.lane = invocation.lane;
  place.direction = wid.z % DIRECTIONS;
  place.row = (wid.y * FOLD_WIDTH + wid.x) * ROWS + line * EACH;
  place.unit = wid.z / DIRECTIONS * UNITS_HERE + column;
  place.is_inside = SHARED || (own < across * (ROWS / EACH) && place.row < params.batch && place.unit < UNITS);
  return place;
}

fn time_of(direction: u32, step: u32) -> u32 {
  return select(step, params.steps - 1u - step, ((BACKWARDS >> direction) & 1u) == 1u);
}

fn clamped(row: u32) -> u32 { return min(row, params.batch - 1u); }

// From h to c, in the state and the finals.
fn cell_offset() -> u32 { return params.batch * DIRECTIONS * UNITS; }

// Where unit 0 of a row lies in [B, D·H], and in [B, T, D·H]; times 4 in [B, T, D·4·H].
fn state_at(direction: u32, row: u32) -> u32 { return (clamped(row) * DIRECTIONS + direction) * UNITS; }
fn line_at(direction: u32, row: u32, step: u32) -> u32 {
  return ((clamped(row) * params.steps + time_of(direction, step)) * DIRECTIONS + direction) * UNITS;
}

// Where h after `step` lies, and c.
fn h_at(direction: u32, row: u32, step: u32) -> u32 {
  if (WHOLE) {
    return line_at(direction, row, step);
  }
  return step % 2u * (params.batch * DIRECTIONS * UNITS) + state_at(direction, row);
}
fn c_at(direction: u32, row: u32, step: u32) -> u32 {
  if (WHOLE_CARRY) {
    return line_at(direction, row, step);
  }
  return state_at(direction, row);
}

// Row k of R at the place's own units; gates are UNITS apart.
fn kernel_at(place: Place, k: u32) -> u32 {
  return (k * DIRECTIONS + place.direction) * (GATES * UNITS) + place.unit;
}
fn kernel_row(place: Place, k: u32) -> Gates {
  let at = kernel_at(place, k);
  return Gates(recurrent_kernel[at], recurrent_kernel[at + UNITS], recurrent_kernel[at + 2u * UNITS], recurrent_kernel[at + 3u * UNITS]);
}

fn add_row(sums: ptr<function, Gates>, h: f32, r: Gates) {
  (*sums)[0] = fma(elem(h), r[0], (*sums)[0]);
  (*sums)[1] = fma(elem(h), r[1], (*sums)[1]);
  (*sums)[2] = fma(elem(h), r[2], (*sums)[2]);
  (*sums)[3] = fma(elem(h), r[3], (*sums)[3]);
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

// `product` is h·R; of the first step it is made here, row by row: rows need not share R in one step of many.
fn finish_forward(place: Place, row: u32, step: u32, product: Gates) {
  let direction = place.direction;
  let own = state_at(direction, row) + place.unit;
  var sums = product;
  if (STATE && step == 0u) {
    for (var k = 0u; k < UNITS * WIDTH; k++) {
      add_row(&sums, initial_h(own - place.unit, k) * factor(row, direction * UNITS * WIDTH + k), kernel_row(place, k));
    }
  }
  let at = line_at(direction, row, step) * GATES + place.unit;
  let i = gate(gates[at] + sums[0]);
  let f = gate(gates[at + UNITS] + sums[1]);
  let g = candidate(gates[at + 2u * UNITS] + sums[2]);
  let o = gate(gates[at + 3u * UNITS] + sums[3]);
  var h: elem;
  var c: elem;
  if (step == 0u) {
    h = initial(own);
    c = initial(own + cell_offset());
  } else {
    h = sequence[h_at(direction, row, step - 1u) + place.unit];
    c = carry[c_at(direction, row, step - 1u) + place.unit];
  }
  if (counts(row, time_of(direction, step))) {
    c = fma(f, c, i * g);
    h = o * candidate(c);
  }
  store_gates(at, i);
  store_gates(at + UNITS, f);
  store_gates(at + 2u * UNITS, g);
  store_gates(at + 3u * UNITS, o);
  sequence[h_at(direction, row, step) + place.unit] = h;
  carry[c_at(direction, row, step) + place.unit] = c;
  if (step + 1u == params.steps) {
    store_final_h(own, h);
    store_final_c(own + cell_offset(), c);
  }
}

fn forward(place: Place, step: u32) {
  // Arrays that are indexed by a variable live in memory: the sums have names of their own.
  var s0 = Gates();
  var s1 = Gates();
  var s2 = Gates();
  var s3 = Gates();
  var s4 = Gates();
  var s5 = Gates();
  var s6 = Gates();
  var s7 = Gates();
  if (step > 0u) {
    let direction = place.direction;
    let h0 = h_at(direction, place.row, step - 1u);
    let h1 = h_at(direction, place.row + 1u, step - 1u);
    let h2 = h_at(direction, place.row + 2u, step - 1u);
    let h3 = h_at(direction, place.row + 3u, step - 1u);
    let h4 = h_at(direction, place.row + 4u, step - 1u);
    let h5 = h_at(direction, place.row + 5u, step - 1u);
    let h6 = h_at(direction, place.row + 6u, step - 1u);
    let h7 = h_at(direction, place.row + 7u, step - 1u);
    for (var k = 0u; k < UNITS * WIDTH; k++) {
      let r = kernel_elems(place.lane, kernel_at(place, k), UNITS);
      let a0 = h_before(place, h0, 0u, k);
      let a1 = h_before(place, h1, 1u, k);
      let a2 = h_before(place, h2, 2u, k);
      let a3 = h_before(place, h3, 3u, k);
      let a4 = h_before(place, h4, 4u, k);
      let a5 = h_before(place, h5, 5u, k);
      let a6 = h_before(place, h6, 6u, k);
      let a7 = h_before(place, h7, 7u, k);
      add_row(&s0, a0, r);
      if (EACH > 1u) {
        add_row(&s1, a1, r);
        add_row(&s2, a2, r);
        add_row(&s3, a3, r);
      }
      if (EACH > 4u) {
        add_row(&s4, a4, r);
        add_row(&s5, a5, r);
        add_row(&s6, a6, r);
        add_row(&s7, a7, r);
      }
    }
  }
  var sums = array<Gates, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  // Not from a constant to a constant, so that no compiler unrolls it.
  let end = min(place.row + EACH, params.batch);
  for (var row = place.row; row < end; row++) {
    finish_forward(place, row, step, sums[row - place.row]);
  }
}

@compute @workgroup_size(LANES)
fn lstm_forward(invocation: Invocation) {
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
