// Back through all steps of a GRU (gru.wgsl), to the gradients of its pre-activations and of its initial state.
//
//   dn = dh·(1 − z)·candidate'(n)     dcarry = dn·r
//   dz = dh·(h − n)·gate'(z)          dr = dn·carry·gate'(r)           h is that of the step before, or the state
//   dh of the step before = dsequence + dh·z + [dz dr dcarry]·Rᵀ ⊙ factors
//
// gates and dgates are [B, T, D·3·H] in one place, carry and dcarry [B, T, D·H] in another, R is [H, D·3·H], the sequence and
// dsequence [B, T, D·H], state, dfinals and dstate [B, D·H].
//
//   one workgroup: ROWS rows of the batch × one direction, all positions from params.begin to params.end. Position 0 is the last
//   step; behind that of the first step one more gathers what reaches the initial state.
//
//      of the step after     R of units ■, turned
//      [dz dr | dcarry]  ·   [ z │ r │ n ]           an invocation owns QUADS elems of units (of 4, or 1) of EACH rows: it sums what
//      [dz dr | dcarry]      [ z │ r │ n ]ᵀ          reaches their h through R, then makes the gradients of their gates and puts them in
//            [row]             → dh [row, ■]         the gates' place, then a barrier, one a step; and the step before reads them
//
// What a workgroup shares goes through the results, which are stored anyway, and dstate holds dh·z from step to step: see gru.wgsl for
// why, and for EACH, STEPWISE and SHARED. QUADS = 4, where units are many, reads dgates fewer times. R is bound transposed, so that
// neighbours read neighbours (`kernel_elem`).
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
const QUADS = 1u; // elems of an invocation: 4, or 1
const LANES = 32u;
const TURNS = 1u;
const STEPWISE = false; // one position a dispatch
const SHARED = false; // R is loaded for each other
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
@group(0) @binding(5) var<storage, read> sequence: array<elem>;
@group(0) @binding(6) var<storage, read_write> carry: array<elem>;
@group(0) @binding(7) var<storage, read> dsequence: array<elem>;
@group(0) @binding(8) var<storage, read_write> dstate: array<elem>;
fn initial(at: u32) -> elem { return state[at]; }
fn counts(row: u32, t: u32) -> bool { return rows[row * (params.steps + DIRECTIONS * UNITS * WIDTH) + t] > 0.5; }
fn factors(row: u32, unit: u32) -> elem {
  let at = row * (params.steps + DIRECTIONS * UNITS * WIDTH) + params.steps + unit * WIDTH;
  return elem(rows[at], rows[at + 1u], rows[at + 2u], rows[at + 3u]);
}
fn store_gates(at: u32, value: elem) { gates[at] = value; }
fn store_carry(at: u32, value: elem) { carry[at] = value; }
fn load_carry(at: u32) -> elem { return carry[at]; }
fn load_dsequence(at: u32) -> elem { return dsequence[at]; }
fn load_dfinal(at: u32) -> elem { return dstate[at]; }
fn load_dstate(at: u32) -> elem { return dstate[at]; }
fn store_dstate(at: u32, value: elem) { dstate[at] = value; }
fn load_dgate(at: u32, k: u32) -> f32 { return gates[at + k / WIDTH][k % WIDTH]; }
fn load_dcarry(at: u32, k: u32) -> f32 { return carry[at + k / WIDTH][k % WIDTH]; }
fn gate_slope(y: elem) -> elem { return y * (elem(1) - y); }
fn candidate_slope(y: elem) -> elem { return select(elem(0), elem(1), y > elem(0)); }
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
const GATES = 3u;

// dz, dr, dn.
alias Gates = array<elem, 3>;
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

// Where unit 0 of a row lies in [B, D·H], and in [B, T, D·H]; times 3 in [B, T, D·3·H].
fn state_at(direction: u32, row: u32) -> u32 { return (clamped(row) * DIRECTIONS + direction) * UNITS; }
fn line_at(direction: u32, row: u32, step: u32) -> u32 {
  return ((clamped(row) * params.steps + time_of(direction, step)) * DIRECTIONS + direction) * UNITS;
}

// A column of R at the place's own units; columns are those of all gates of the direction.
fn kernel_at(place: Place, column: u32) -> u32 {
  return (place.direction * GATES * UNITS * WIDTH + column) * UNITS + place.unit;
}

// A gradient of the step after, which begins at `at`, of one of the rows.
fn gate_after(row: u32, at: u32, column: u32) -> f32 {
  if (row >= EACH) {
    return 0.0;
  }
  return load_dgate(at, column);
}

// Likewise of the carry.
fn carry_after(row: u32, at: u32, column: u32) -> f32 {
  if (row >= EACH) {
    return 0.0;
  }
  return load_dcarry(at, column);
}

fn add_line(sums: ptr<function, Four>, d: f32, r: Four) {
  (*sums)[0] = fma(elem(d), r[0], (*sums)[0]);
  if (QUADS > 1u) {
    (*sums)[1] = fma(elem(d), r[1], (*sums)[1]);
    (*sums)[2] = fma(elem(d), r[2], (*sums)[2]);
    (*sums)[3] = fma(elem(d), r[3], (*sums)[3]);
  }
}

// `sum` is what reaches h through R from the step after, and dstate what reached it otherwise. The last position leaves it there.
fn finish_backward(direction: u32, row: u32, unit: u32, position: u32, sum: elem) {
  let own = state_at(direction, row) + unit;
  var dh: elem;
  if (position == 0u) {
    dh = load_dfinal(own);
  } else {
    dh = load_dstate(own) + sum * factors(row, direction * UNITS + unit);
  }
  if (position == params.steps) {
    store_dstate(own, dh);
    return;
  }
  let step = params.steps - 1u - position;
  let line = line_at(direction, row, step);
  let at = line * GATES + unit;
  dh += load_dsequence(line + unit);
  var d = Gates();
  var dcarry: elem;
  if (counts(row, time_of(direction, step))) {
    let z = gates[at];
    let r = gates[at + UNITS];
    let n = gates[at + 2u * UNITS];
    var before: elem;
    if (step == 0u) {
      before = initial(own);
    } else {
      before = sequence[line_at(direction, row, step - 1u) + unit];
    }
    d[2] = dh * (elem(1) - z) * candidate_slope(n);
    d[1] = d[2] * load_carry(line + unit) * gate_slope(r);
    d[0] = dh * (before - n) * gate_slope(z);
    dcarry = d[2] * r;
    dh *= z;
  }
  store_gates(at, d[0]);
  store_gates(at + UNITS, d[1]);
  store_gates(at + 2u * UNITS, d[2]);
  store_carry(line + unit, dcarry);
  store_dstate(own, dh);
}

fn backward(place: Place, position: u32) {
  var s0 = Four();
  var s1 = Four();
  var s2 = Four();
  var s3 = Four();
  var s4 = Four();
  var s5 = Four();
  var s6 = Four();
  var s7 = Four();
  if (position > 0u) {
    let after = params.steps - position;
    let l0 = line_at(place.direction, place.row, after);
    let l1 = line_at(place.direction, place.row + 1u, after);
    let l2 = line_at(place.direction, place.row + 2u, after);
    let l3 = line_at(place.direction, place.row + 3u, after);
    let l4 = line_at(place.direction, place.row + 4u, after);
    let l5 = line_at(place.direction, place.row + 5u, after);
    let l6 = line_at(place.direction, place.row + 6u, after);
    let l7 = line_at(place.direction, place.row + 7u, after);
    for (var c = 0u; c < 2u * UNITS * WIDTH; c++) {
      let r = kernel_elems(place.lane, kernel_at(place, c), 1u);
      let d0 = gate_after(0u, l0 * GATES, c);
      let d1 = gate_after(1u, l1 * GATES, c);
      let d2 = gate_after(2u, l2 * GATES, c);
      let d3 = gate_after(3u, l3 * GATES, c);
      let d4 = gate_after(4u, l4 * GATES, c);
      let d5 = gate_after(5u, l5 * GATES, c);
      let d6 = gate_after(6u, l6 * GATES, c);
      let d7 = gate_after(7u, l7 * GATES, c);
      add_line(&s0, d0, r);
      if (EACH > 1u) {
        add_line(&s1, d1, r);
        add_line(&s2, d2, r);
        add_line(&s3, d3, r);
      }
      if (EACH > 4u) {
        add_line(&s4, d4, r);
        add_line(&s5, d5, r);
        add_line(&s6, d6, r);
        add_line(&s7, d7, r);
      }
    }
    for (var c = 0u; c < UNITS * WIDTH; c++) {
      let r = kernel_elems(place.lane, kernel_at(place, 2u * UNITS * WIDTH + c), 1u);
      let d0 = carry_after(0u, l0, c);
      let d1 = carry_after(1u, l1, c);
      let d2 = carry_after(2u, l2, c);
      let d3 = carry_after(3u, l3, c);
      let d4 = carry_after(4u, l4, c);
      let d5 = carry_after(5u, l5, c);
      let d6 = carry_after(6u, l6, c);
      let d7 = carry_after(7u, l7, c);
      add_line(&s0, d0, r);
      if (EACH > 1u) {
        add_line(&s1, d1, r);
        add_line(&s2, d2, r);
        add_line(&s3, d3, r);
      }
      if (EACH > 4u) {
        add_line(&s4, d4, r);
        add_line(&s5, d5, r);
        add_line(&s6, d6, r);
        add_line(&s7, d7, r);
      }
    }
  }
  var sums = array<Four, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  // Not from a constant to a constant, so that no compiler unrolls it.
  let end = min(place.row + EACH, params.batch) * QUADS;
  for (var own = place.row * QUADS; own < end; own++) {
    let row = own / QUADS;
    let index = own % QUADS;
    finish_backward(place.direction, row, place.unit + index, position, sums[row - place.row][index]);
  }
}

@compute @workgroup_size(LANES)
fn gru_gradient(invocation: Invocation) {
  for (var position = params.begin; position < params.end; position++) {
    for (var turn = 0u; turn < TURNS; turn++) {
      let place = place_of(invocation, turn);
      if (place.is_inside) {
        backward(place, position);
      }
    }
    if (!STEPWISE && !SHARED) {
      storageBarrier();
    }
  }
}
