// Back through all steps of a GRU (gru.wgsl), to the gradients of its pre-activations and of its initial state.
//
//   dn = dh·(1 − z)·candidate'(n)     dcarry = dn·r
//   dz = dh·(h − n)·gate'(z)          dr = dn·carry·gate'(r)           h is that of the step before, or the state
//   dh of the step before = dsequence + dh·z + [dz dr dcarry]·Rᵀ ⊙ factors
//
// gates and dgates are [B, T, D·3·H] in one place, carry and dcarry [B, T, D·H] in another, R is [H, D·3·H], the sequence and
// dsequence [B, T, D·H], state, dfinals and dstate [B, D·H].
//
//   one workgroup: ROWS rows of the batch × one direction, all positions from params.begin to params.end. Position 0 is the last step; behind
//   that of the first step one more gathers what reaches the initial state.
//
//      of the step after     R of units ■, turned
//      [dz dr | dcarry]  ·   [ z │ r │ n ]           an invocation owns QUADS elems of units (of 4, or 1) of EACH rows: it sums what
//      [dz dr | dcarry]      [ z │ r │ n ]ᵀ          reaches their h through R, then makes the gradients of their gates and puts them in
//            [row]             → dh [row, ■]         the gates' place, then a barrier, one a step; and the step before reads them
//
// What a workgroup shares goes through the results, which are stored anyway, and dstate holds dh·z from step to step: see gru.wgsl for
// why, and for EACH and STEPWISE. QUADS = 4, where units are many, reads dgates fewer times.
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
const STEPWISE = false;
const TRANSPOSED = false; // R is [D·3·H, H]: on GPUs, where neighbours then read neighbours
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
fn unit0(value: elem) -> elem { return elem(value.x); }
fn unit1(value: elem) -> elem { return elem(value.y); }
fn unit2(value: elem) -> elem { return elem(value.z); }
fn unit3(value: elem) -> elem { return elem(value.w); }
// Row k of four (or one) rows of R becomes unit k of each elem.
fn turned(x: elem, y: elem, z: elem, w: elem) -> Four {
  return Four(elem(x.x, y.x, z.x, w.x), elem(x.y, y.y, z.y, w.y), elem(x.z, y.z, z.z, w.z), elem(x.w, y.w, z.w, w.w));
}
fn gate_slope(y: elem) -> elem { return y * (elem(1) - y); }
fn candidate_slope(y: elem) -> elem { return select(elem(0), elem(1), y > elem(0)); }
// end

const FOLD_WIDTH = 32768u;
const GATES = 3u;

// dz, dr, dn.
alias Gates = array<elem, 3>;
// Sums for the elems of one row, or a block of R.
alias Four = array<elem, 4>;

// What an invocation owns: EACH rows from `row`, QUADS elems from `unit`. Rows are clamped to the batch where they are read.
struct Place {
  direction: u32,
  row: u32,
  unit: u32,
  is_inside: bool,
}

fn place_of(wid: vec3<u32>, own: u32) -> Place {
  let across = UNITS_HERE / QUADS;
  var place: Place;
  place.direction = wid.z % DIRECTIONS;
  place.row = (wid.y * FOLD_WIDTH + wid.x) * ROWS + own / across * EACH;
  place.unit = wid.z / DIRECTIONS * UNITS_HERE + own % across * QUADS;
  place.is_inside = own < across * (ROWS / EACH) && place.row < params.batch && place.unit < UNITS;
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

fn kernel_at(direction: u32, k: u32) -> u32 { return (k * DIRECTIONS + direction) * (GATES * UNITS); }

// Rows of R that belong to one of the place's elems, in one elem of columns.
fn kernel_block(place: Place, index: u32, column: u32) -> Four {
  if (index >= QUADS) {
    return Four();
  }
  if (TRANSPOSED) {
    let at = (place.direction * GATES * UNITS + column) * WIDTH * UNITS + place.unit + index;
    return Four(recurrent_kernel[at], recurrent_kernel[at + UNITS], recurrent_kernel[at + 2u * UNITS], recurrent_kernel[at + 3u * UNITS]);
  }
  let at = kernel_at(place.direction, (place.unit + index) * WIDTH) + column;
  let next = DIRECTIONS * GATES * UNITS;
  return turned(recurrent_kernel[at], recurrent_kernel[at + next], recurrent_kernel[at + 2u * next], recurrent_kernel[at + 3u * next]);
}

fn add_elem(sum: elem, d: elem, r: Four) -> elem {
  let first = fma(unit0(d), r[0], sum);
  if (WIDTH == 1u) {
    return first;
  }
  return fma(unit3(d), r[3], fma(unit2(d), r[2], fma(unit1(d), r[1], first)));
}

fn add_line(sums: ptr<function, Four>, d: elem, r0: Four, r1: Four, r2: Four, r3: Four) {
  (*sums)[0] = add_elem((*sums)[0], d, r0);
  if (QUADS > 1u) {
    (*sums)[1] = add_elem((*sums)[1], d, r1);
    (*sums)[2] = add_elem((*sums)[2], d, r2);
    (*sums)[3] = add_elem((*sums)[3], d, r3);
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
    for (var c = 0u; c < 2u * UNITS; c++) {
      let r0 = kernel_block(place, 0u, c);
      let r1 = kernel_block(place, 1u, c);
      let r2 = kernel_block(place, 2u, c);
      let r3 = kernel_block(place, 3u, c);
      add_line(&s0, gates[l0 * GATES + c], r0, r1, r2, r3);
      if (EACH > 1u) {
        add_line(&s1, gates[l1 * GATES + c], r0, r1, r2, r3);
        add_line(&s2, gates[l2 * GATES + c], r0, r1, r2, r3);
        add_line(&s3, gates[l3 * GATES + c], r0, r1, r2, r3);
      }
      if (EACH > 4u) {
        add_line(&s4, gates[l4 * GATES + c], r0, r1, r2, r3);
        add_line(&s5, gates[l5 * GATES + c], r0, r1, r2, r3);
        add_line(&s6, gates[l6 * GATES + c], r0, r1, r2, r3);
        add_line(&s7, gates[l7 * GATES + c], r0, r1, r2, r3);
      }
    }
    for (var c = 0u; c < UNITS; c++) {
      let r0 = kernel_block(place, 0u, 2u * UNITS + c);
      let r1 = kernel_block(place, 1u, 2u * UNITS + c);
      let r2 = kernel_block(place, 2u, 2u * UNITS + c);
      let r3 = kernel_block(place, 3u, 2u * UNITS + c);
      add_line(&s0, load_carry(l0 + c), r0, r1, r2, r3);
      if (EACH > 1u) {
        add_line(&s1, load_carry(l1 + c), r0, r1, r2, r3);
        add_line(&s2, load_carry(l2 + c), r0, r1, r2, r3);
        add_line(&s3, load_carry(l3 + c), r0, r1, r2, r3);
      }
      if (EACH > 4u) {
        add_line(&s4, load_carry(l4 + c), r0, r1, r2, r3);
        add_line(&s5, load_carry(l5 + c), r0, r1, r2, r3);
        add_line(&s6, load_carry(l6 + c), r0, r1, r2, r3);
        add_line(&s7, load_carry(l7 + c), r0, r1, r2, r3);
      }
    }
  }
  var sums = array<Four, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  // Not a constant, so that no compiler unrolls what it bounds.
  let owned = min(EACH, params.batch - place.row) * QUADS;
  for (var own = 0u; own < owned; own++) {
    let row = own / QUADS;
    let index = own % QUADS;
    finish_backward(place.direction, place.row + row, place.unit + index, position, sums[row][index]);
  }
}

@compute @workgroup_size(LANES)
fn gru_gradient(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  for (var position = params.begin; position < params.end; position++) {
    for (var turn = 0u; turn < TURNS; turn++) {
      let place = place_of(wid, turn * LANES + lane);
      if (place.is_inside) {
        backward(place, position);
      }
    }
    if (!STEPWISE) {
      storageBarrier();
    }
  }
}
