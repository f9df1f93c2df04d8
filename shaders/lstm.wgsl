// All steps of an LSTM, forward and backward, from the gates' pre-activations on: only what goes through h is done here.
//
//   forward     [i f g o] = pre[t] + (h ⊙ factors)·R      i, f, o = gate(·), g = candidate(·)
//               c' = f·c + i·g                            h' = o·candidate(c')
//
// pre and gates are [B, T, D·4·H] (the gates take the place of pre), R [H, D·4·H], sequence and carry (the cell states) [B, T, D·H],
// state and finals [2, B, D·H]: D directions stand side by side, and run independently of each other.
//
//   one workgroup: ROWS rows of the batch × one direction, all steps from params.begin to params.end
//
//        R [H, 4·H]      i        f        g        o            an invocation owns the four gates of its units (an elem: 4, or 1)
//                 k ↓  [ . ■ . | . ■ . | . ■ . | . ■ . ]         in some rows, so that a step ends where its sums are:
//   h  k →             ┌───────┬───────┬───────┬───────┐           load pre → add h·R over all k → activations → h', c'
//   [row]              │   ■   │   ■   │   ■   │   ■   │         h' goes to the other half of the workgroup's memory, then a
//   [row]              │   ■   │   ■   │   ■   │   ■   │         barrier: one a step. c never leaves its owner.
//                      └───────┴───────┴───────┴───────┘
//
//   lstm_forward_rows    4 units × EACH = 4 or 8 rows in the registers of an invocation: R is read once for EACH rows. For units in
//                        quads and batches; the fast one where the processor is the GPU.
//   lstm_forward_single  one row at a time, 4 units or 1: any number of units (the invocations take turns), single rows, and GPUs,
//                        which want many invocations more than few reads.
//
// STEPWISE, both make one step a dispatch instead: the units are spread over workgroups too, h comes from the sequence, c from the
// carry, and nothing is shared. For states that no workgroup can hold.
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
const STEPWISE = false;
const SHARED_QUADS = 2048u; // of workgroup memory: lstm_forward_rows
const SHARED = 256u; // lstm_forward_single
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
@group(0) @binding(3) var<storage, read> state: array<elem>;
@group(0) @binding(4) var<storage, read> rows: array<f32>;
@group(0) @binding(5) var<storage, read_write> sequence: array<elem>;
@group(0) @binding(6) var<storage, read_write> finals: array<elem>;
@group(0) @binding(7) var<storage, read_write> carry: array<elem>;
fn meet() { workgroupBarrier(); }
fn outside(unit: u32) -> bool { return false; }
fn initial(at: u32) -> elem { return state[at]; }
fn counts(row: u32, t: u32) -> bool { return rows[row * (params.steps + UNITS * WIDTH) + t] > 0.5; }
fn factors(row: u32, unit: u32) -> elem {
  let at = row * (params.steps + UNITS * WIDTH) + params.steps + unit * WIDTH;
  return elem(rows[at], rows[at + 1u], rows[at + 2u], rows[at + 3u]);
}
fn factor(row: u32, k: u32) -> f32 { return rows[row * (params.steps + UNITS * WIDTH) + params.steps + k]; }
fn load_sequence(at: u32) -> elem { return sequence[at]; }
fn load_h(at: u32, k: u32) -> f32 { return sequence[at + k / WIDTH][k % WIDTH]; }
fn initial_h(at: u32, k: u32) -> f32 { return state[at + k / WIDTH][k % WIDTH]; }
fn store_sequence(at: u32, value: elem) { sequence[at] = value; }
fn load_carry(at: u32) -> elem { return carry[at]; }
fn store_carry(at: u32, value: elem) { carry[at] = value; }
fn store_final_h(at: u32, value: elem) { finals[at] = value; }
fn store_final_c(at: u32, value: elem) { finals[at] = value; }
fn part(value: elem, unit: u32) -> f32 { return value[unit]; }
fn gate(x: elem) -> elem { return elem(1) / (elem(1) + exp(-x)); }
fn candidate(x: elem) -> elem { return max(x, elem(0)); }
// end

const FOLD_WIDTH = 32768u;
const GATES = 4u;

// i, f, g, o of one row.
alias Gates = array<elem, 4>;

// The state between steps, of one row.
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

// h ⊙ factors of the whole workgroup, twice: [k, rows in quads], or [k].
var<workgroup> shared_quads: array<vec4<f32>, SHARED_QUADS>;
var<workgroup> shared_single: array<f32, SHARED>;
// What invocations keep from step to step: c, and h without factors.
var<workgroup> held: array<State, HELD>;

// The place of unit 0 of the first row of a workgroup.
fn place_of(wid: vec3<u32>) -> Place {
  return Place(wid.z % DIRECTIONS, (wid.y * FOLD_WIDTH + wid.x) * ROWS, wid.z / DIRECTIONS * UNITS_HERE);
}

fn moved(place: Place, row: u32, unit: u32) -> Place {
  return Place(place.direction, place.row + row, place.unit + unit);
}

fn time_of(direction: u32, step: u32) -> u32 {
  return select(step, params.steps - 1u - step, ((BACKWARDS >> direction) & 1u) == 1u);
}

fn inside(row: u32) -> u32 { return min(row, params.batch - 1u); }

// [B, T, D·H], and times 4 [B, T, D·4·H].
fn line_at(place: Place, step: u32) -> u32 {
  return ((inside(place.row) * params.steps + time_of(place.direction, step)) * DIRECTIONS + place.direction) * UNITS;
}

// [2, B, D·H]
fn state_at(place: Place, which: u32) -> u32 {
  return ((which * params.batch + inside(place.row)) * DIRECTIONS + place.direction) * UNITS + place.unit;
}

fn load_gates(place: Place, step: u32) -> Gates {
  let at = line_at(place, step) * GATES + place.unit;
  return Gates(gates[at], gates[at + UNITS], gates[at + 2u * UNITS], gates[at + 3u * UNITS]);
}

fn add_gates(place: Place, step: u32, sums: Gates) {
  if (place.row < params.batch) {
    let at = line_at(place, step) * GATES + place.unit;
    gates[at] += sums[0];
    gates[at + UNITS] += sums[1];
    gates[at + 2u * UNITS] += sums[2];
    gates[at + 3u * UNITS] += sums[3];
  }
}

// Row k of R at the place's unit.
fn load_kernel(place: Place, k: u32) -> Gates {
  let at = (k * DIRECTIONS + place.direction) * (GATES * UNITS) + place.unit;
  return Gates(recurrent_kernel[at], recurrent_kernel[at + UNITS], recurrent_kernel[at + 2u * UNITS], recurrent_kernel[at + 3u * UNITS]);
}

// The state in front of `step`.
fn state_before(place: Place, step: u32) -> State {
  if (step == 0u) {
    return State(initial(state_at(place, 0u)), initial(state_at(place, 1u)));
  }
  let at = line_at(place, step - 1u) + place.unit;
  return State(load_sequence(at), load_carry(at));
}

// h ⊙ factors at any k, from memory.
fn h_before(place: Place, step: u32, k: u32) -> f32 {
  if (step == 0u) {
    return initial_h(state_at(place, 0u) - place.unit, k) * factor(inside(place.row), place.direction * (UNITS * WIDTH) + k);
  }
  return load_h(line_at(place, step - 1u), k) * factor(inside(place.row), place.direction * (UNITS * WIDTH) + k);
}

// What follows the product: the next state, and all that is stored of a step.
fn finish_step(place: Place, step: u32, sums: Gates, before: State) -> State {
  let i = gate(sums[0]);
  let f = gate(sums[1]);
  let g = candidate(sums[2]);
  let o = gate(sums[3]);
  let c = fma(f, before.c, i * g);
  var after = State(o * candidate(c), c);
  if (!counts(inside(place.row), time_of(place.direction, step))) {
    after = before;
  }
  if (place.row < params.batch) {
    let line = line_at(place, step);
    let at = line * GATES + place.unit;
    gates[at] = i;
    gates[at + UNITS] = f;
    gates[at + 2u * UNITS] = g;
    gates[at + 3u * UNITS] = o;
    store_sequence(line + place.unit, after.h);
    store_carry(line + place.unit, after.c);
    if (step + 1u == params.steps) {
      store_final_h(state_at(place, 0u), after.h);
      store_final_c(state_at(place, 1u), after.c);
    }
  }
  return after;
}

fn add_row(sums: ptr<function, Gates>, h: f32, r: Gates) {
  (*sums)[0] = fma(elem(h), r[0], (*sums)[0]);
  (*sums)[1] = fma(elem(h), r[1], (*sums)[1]);
  (*sums)[2] = fma(elem(h), r[2], (*sums)[2]);
  (*sums)[3] = fma(elem(h), r[3], (*sums)[3]);
}

// Four rows from the place's on, at one k; `local` is the first one's number in the workgroup.
fn h_quad(place: Place, step: u32, local: u32, k: u32) -> vec4<f32> {
  if (STEPWISE) {
    return vec4<f32>(
      h_before(place, step, k),
      h_before(moved(place, 1u, 0u), step, k),
      h_before(moved(place, 2u, 0u), step, k),
      h_before(moved(place, 3u, 0u), step, k));
  }
  return shared_quads[((step % 2u) * (UNITS * WIDTH) + k) * (ROWS / 4u) + local / 4u];
}

fn share_quad(place: Place, step: u32, local: u32, h: elem) {
  if (STEPWISE) {
    return;
  }
  let value = h * factors(inside(place.row), place.direction * UNITS + place.unit);
  for (var j = 0u; j < WIDTH; j++) {
    shared_quads[(((step % 2u) * UNITS + place.unit) * WIDTH + j) * (ROWS / 4u) + local / 4u][local % 4u] = part(value, j);
  }
}

@compute @workgroup_size(LANES)
fn lstm_forward_rows(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid);
  if (place.row >= params.batch) {
    return;
  }
  let local = lane / UNITS_HERE * EACH;
  let first = moved(place, local, lane % UNITS_HERE);
  if (outside(first.unit)) {
    return;
  }
  for (var row = 0u; row < EACH; row++) {
    let mine = moved(first, row, 0u);
    let before = state_before(mine, params.begin);
    held[row * LANES + lane] = before;
    share_quad(mine, params.begin, local + row, before.h);
  }
  meet();
  for (var step = params.begin; step < params.end; step++) {
    // Named, not an array: compilers unroll whatever indexes a private array, and take a minute for it. From here to the activations
    // sums lie in the gates.
    var s0 = Gates();
    var s1 = Gates();
    var s2 = Gates();
    var s3 = Gates();
    var s4 = Gates();
    var s5 = Gates();
    var s6 = Gates();
    var s7 = Gates();
    for (var k = 0u; k < UNITS * WIDTH; k++) {
      let r = load_kernel(first, k);
      let h = h_quad(first, step, local, k);
      add_row(&s0, h.x, r);
      add_row(&s1, h.y, r);
      add_row(&s2, h.z, r);
      add_row(&s3, h.w, r);
      if (EACH > 4u) {
        let l = h_quad(moved(first, 4u, 0u), step, local + 4u, k);
        add_row(&s4, l.x, r);
        add_row(&s5, l.y, r);
        add_row(&s6, l.z, r);
        add_row(&s7, l.w, r);
      }
    }
    add_gates(moved(first, 0u, 0u), step, s0);
    add_gates(moved(first, 1u, 0u), step, s1);
    add_gates(moved(first, 2u, 0u), step, s2);
    add_gates(moved(first, 3u, 0u), step, s3);
    if (EACH > 4u) {
      add_gates(moved(first, 4u, 0u), step, s4);
      add_gates(moved(first, 5u, 0u), step, s5);
      add_gates(moved(first, 6u, 0u), step, s6);
      add_gates(moved(first, 7u, 0u), step, s7);
    }
    for (var row = 0u; row < EACH; row++) {
      let mine = moved(first, row, 0u);
      let after = finish_step(mine, step, load_gates(mine, step), held[row * LANES + lane]);
      held[row * LANES + lane] = after;
      share_quad(mine, step + 1u, local + row, after.h);
    }
    meet();
  }
}

fn h_single(place: Place, step: u32, k: u32) -> f32 {
  if (STEPWISE) {
    return h_before(place, step, k);
  }
  return shared_single[(step % 2u) * (UNITS * WIDTH) + k];
}

fn share_single(place: Place, step: u32, h: elem) {
  if (STEPWISE) {
    return;
  }
  let value = h * factors(inside(place.row), place.direction * UNITS + place.unit);
  for (var j = 0u; j < WIDTH; j++) {
    shared_single[((step % 2u) * UNITS + place.unit) * WIDTH + j] = part(value, j);
  }
}

@compute @workgroup_size(LANES)
fn lstm_forward_single(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid);
  if (place.row >= params.batch) {
    return;
  }
  let owned = min(UNITS_HERE, UNITS - place.unit);
  for (var own = lane; own < owned; own += LANES) {
    let mine = moved(place, 0u, own);
    held[own] = state_before(mine, params.begin);
    share_single(mine, params.begin, held[own].h);
  }
  meet();
  for (var step = params.begin; step < params.end; step++) {
    for (var own = lane; own < owned; own += LANES) {
      let mine = moved(place, 0u, own);
      var sums = load_gates(mine, step);
      for (var k = 0u; k < UNITS * WIDTH; k++) {
        add_row(&sums, h_single(mine, step, k), load_kernel(mine, k));
      }
      held[own] = finish_step(mine, step, sums, held[own]);
      share_single(mine, step + 1u, held[own].h);
    }
    meet();
  }
}
