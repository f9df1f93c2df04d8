// All steps of a GRU, from the gates' pre-activations on: only what goes through h is done here. (Backward: gru-gradient.wgsl.)
//
//   z = gate(pre_z + b_z + h·R_z + b'_z)       pre = x·W; b and b' are the two rows of the bias; h is multiplied by the
//   r = gate(pre_r + b_r + h·R_r + b'_r)       factors of recurrent dropout in front of R
//   carry = h·R_n + b'_n                       n = candidate(pre_n + b_n + r·carry)
//   h' = z·h + (1 − z)·n
//
// pre and gates are [B, T, D·3·H] (the gates take the place of pre), R [H, D·3·H], carry and sequence [B, T, D·H], state and finals
// [B, D·H]: D directions stand side by side, and run independently of each other.
//
//   one workgroup: ROWS rows of the batch × one direction, all steps from params.begin to params.end
//
//        R [H, 3·H]      z        r        n
//                 k ↓  [ . ■ . | . ■ . | . ■ . ]    an invocation owns an elem of units (4, or 1) of EACH rows, with all gates, so
//   h  k →             ┌───────┬───────┬───────┐    that a step ends where its sums are: h' is stored, then a barrier, one a step,
//   [row]              │   ■   │   ■   │   ■   │    and the next step reads it
//   [row]              │   ■   │   ■   │   ■   │
//                      └───────┴───────┴───────┘
//
// What a workgroup shares goes through the sequence, which is stored anyway: read from workgroup memory, the same numbers take up to
// 1.5 times as long on a software adapter, and six times as long to compile. So units are limited by nothing; where they are more than
// invocations, these take turns. Where nobody reads the sequence it holds two steps alone.
//
//   EACH = 8, 4   rows in registers, each element of R read once for all of them: the fast ones where the processor is the GPU.
//   EACH = 1      for single rows, and for GPUs, which want many invocations more than few reads.
//   STEPWISE      a dispatch makes one step, and the units are spread over workgroups too: for states too large for one.
//   SHARED        a workgroup is a subgroup, whose invocations load R for each other, and make all units of their rows one after the
//                 other: no barrier. For lavapipe, which makes a kernel with a barrier a coroutine, with its registers in memory: 8×8
//                 takes it twice as long to run, and three to five times as long to compile.
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
struct Params {
  batch: u32,
  steps: u32,
  begin: u32,
  end: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gates: array<elem>;
@group(0) @binding(2) var<storage, read> recurrent_kernel: array<elem>;
@group(0) @binding(3) var<storage, read> bias: array<elem>;
@group(0) @binding(4) var<storage, read> state: array<elem>;
@group(0) @binding(5) var<storage, read> rows: array<f32>;
@group(0) @binding(6) var<storage, read_write> sequence: array<elem>;
@group(0) @binding(7) var<storage, read_write> finals: array<elem>;
@group(0) @binding(8) var<storage, read_write> carry: array<elem>;
fn load_bias(at: u32) -> elem { return bias[at]; }
fn initial(at: u32) -> elem { return state[at]; }
fn initial_h(at: u32, k: u32) -> f32 { return state[at + k / WIDTH][k % WIDTH]; }
fn counts(row: u32, t: u32) -> bool { return rows[row * (params.steps + DIRECTIONS * UNITS * WIDTH) + t] > 0.5; }
fn factor(row: u32, k: u32) -> f32 { return rows[row * (params.steps + DIRECTIONS * UNITS * WIDTH) + params.steps + k]; }
fn store_gates(at: u32, value: elem) { gates[at] = value; }
fn load_h(at: u32, k: u32) -> f32 { return sequence[at + k / WIDTH][k % WIDTH]; }
fn store_sequence(at: u32, value: elem) { sequence[at] = value; }
fn store_carry(at: u32, value: elem) { carry[at] = value; }
fn store_final(at: u32, value: elem) { finals[at] = value; }
fn gate(x: elem) -> elem { return elem(1) / (elem(1) + exp(-x)); }
fn candidate(x: elem) -> elem { return max(x, elem(0)); }
// What tells the invocations of a workgroup apart.
struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
}
// Three elems of R for all invocations that are at the same units, `stride` apart: their shares, where these are SHARED.
fn kernel_elems(lane: u32, at: u32, stride: u32) -> array<elem, 4> {
  return array<elem, 4>(
    recurrent_kernel[at], recurrent_kernel[at + stride], recurrent_kernel[at + 2u * stride], elem());
}
// end

const FOLD_WIDTH = 32768u;
const GATES = 3u;

// z, r, n of one row.
alias Gates = array<elem, 3>;

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

// Where unit 0 of a row lies in [B, D·H], and in [B, T, D·H]; times 3 in [B, T, D·3·H].
fn state_at(direction: u32, row: u32) -> u32 { return (clamped(row) * DIRECTIONS + direction) * UNITS; }
fn line_at(direction: u32, row: u32, step: u32) -> u32 {
  return ((clamped(row) * params.steps + time_of(direction, step)) * DIRECTIONS + direction) * UNITS;
}

// Where h after `step` lies.
fn h_at(direction: u32, row: u32, step: u32) -> u32 {
  if (WHOLE) {
    return line_at(direction, row, step);
  }
  return step % 2u * (params.batch * DIRECTIONS * UNITS) + state_at(direction, row);
}

// Row k of R at the place's own units; gates are UNITS apart.
fn kernel_at(place: Place, k: u32) -> u32 {
  return (k * DIRECTIONS + place.direction) * (GATES * UNITS) + place.unit;
}
fn kernel_row(place: Place, k: u32) -> Gates {
  let at = kernel_at(place, k);
  return Gates(recurrent_kernel[at], recurrent_kernel[at + UNITS], recurrent_kernel[at + 2u * UNITS]);
}

fn add_row(sums: ptr<function, Gates>, h: f32, r: Gates) {
  (*sums)[0] = fma(elem(h), r[0], (*sums)[0]);
  (*sums)[1] = fma(elem(h), r[1], (*sums)[1]);
  (*sums)[2] = fma(elem(h), r[2], (*sums)[2]);
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
  let line = line_at(direction, row, step);
  let at = line * GATES + place.unit;
  let column = direction * GATES * UNITS + place.unit;
  let second = DIRECTIONS * GATES * UNITS + column;
  var sums = product;
  if (STATE && step == 0u) {
    for (var k = 0u; k < UNITS * WIDTH; k++) {
      let h = initial_h(state_at(direction, row), k) * factor(row, direction * UNITS * WIDTH + k);
      add_row(&sums, h, kernel_row(place, k));
    }
  }
  let z = gate(gates[at] + load_bias(column) + load_bias(second) + sums[0]);
  let r = gate(gates[at + UNITS] + load_bias(column + UNITS) + load_bias(second + UNITS) + sums[1]);
  let recurrent = load_bias(second + 2u * UNITS) + sums[2];
  let n = candidate(gates[at + 2u * UNITS] + load_bias(column + 2u * UNITS) + r * recurrent);
  var before: elem;
  if (step == 0u) {
    before = initial(state_at(direction, row) + place.unit);
  } else {
    before = sequence[h_at(direction, row, step - 1u) + place.unit];
  }
  var after = z * before + (elem(1) - z) * n;
  if (!counts(row, time_of(direction, step))) {
    after = before;
  }
  store_gates(at, z);
  store_gates(at + UNITS, r);
  store_gates(at + 2u * UNITS, n);
  store_carry(line + place.unit, recurrent);
  store_sequence(h_at(direction, row, step) + place.unit, after);
  if (step + 1u == params.steps) {
    store_final(state_at(direction, row) + place.unit, after);
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
      let elems = kernel_elems(place.lane, kernel_at(place, k), UNITS);
      let r = Gates(elems[0], elems[1], elems[2]);
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
fn gru_forward(invocation: Invocation) {
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
