// All steps of a simple recurrent layer, from the pre-activations on: only what goes through h is done here.
//
//   h' = candidate(pre[t] + (h ⊙ factors)·R)
//
// pre and sequence (which takes the place of pre, where anybody reads it) [B, T, D·H], R [H, D·H], state and finals [B, D·H]: D directions
// stand side by side, and run independently of each other.
//
//   one workgroup: ROWS rows of the batch × one direction, all steps from params.begin to params.end
//
//         R [H, H]       unit                      an invocation owns units (as elems: 4, or 1) in some rows, so that a step ends where
//   h          k ↓  [ . . ■ . . . ]                its sums are:
//   [row]           ┌─────────────┐                  load pre → add h·R over all k → h'
//   [row]           │     ■       │                h' goes to the other half of the workgroup's memory, then a barrier: one a step
//                   └─────────────┘
//
//   simple_rnn_forward_rows    QUADS quads of units × EACH = 4 or 8 rows in the registers of an invocation, 16 × 8 where H allows: the
//                              fast one where the processor is the GPU.
//   simple_rnn_forward_single  one row at a time, 4 units or 1: any number of units (the invocations take turns), single rows, and GPUs.
//
// STEPWISE, both make one step a dispatch instead: the units are spread over workgroups too, h comes from the sequence, and nothing is
// shared. For states that no workgroup can hold.
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
const SHARED_QUADS = 512u; // of workgroup memory: simple_rnn_forward_rows
const SHARED = 256u; // simple_rnn_forward_single
const HELD = 256u; // elems that a workgroup owns
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
fn meet() { workgroupBarrier(); }
fn outside(unit: u32) -> bool { return false; }
fn part(value: elem, unit: u32) -> f32 { return value[unit]; }
fn initial(at: u32) -> elem { return state[at]; }
fn initial_h(at: u32, k: u32) -> f32 { return state[at + k / WIDTH][k % WIDTH]; }
fn counts(row: u32, t: u32) -> bool { return rows[row * (params.steps + UNITS * WIDTH) + t] > 0.5; }
fn factors(row: u32, unit: u32) -> elem {
  let at = row * (params.steps + UNITS * WIDTH) + params.steps + unit * WIDTH;
  return elem(rows[at], rows[at + 1u], rows[at + 2u], rows[at + 3u]);
}
fn factor(row: u32, k: u32) -> f32 { return rows[row * (params.steps + UNITS * WIDTH) + params.steps + k]; }
fn load_pre(at: u32) -> elem { return sequence[at]; }
fn load_sequence(at: u32) -> elem { return sequence[at]; }
fn load_h(at: u32, k: u32) -> f32 { return sequence[at + k / WIDTH][k % WIDTH]; }
fn store_sequence(at: u32, value: elem) { sequence[at] = value; }
fn store_final_h(at: u32, value: elem) { finals[at] = value; }
fn candidate(x: elem) -> elem { return max(x, elem(0)); }
// end

const FOLD_WIDTH = 32768u;
const COLUMNS = DIRECTIONS * UNITS; // of R, in elems

// Elems side by side in one row.
alias Line = array<elem, 4>;

// Whose numbers: rows are rows of the batch, and clamped to it where they are read.
struct Place {
  direction: u32,
  row: u32,
  unit: u32,
}

// h ⊙ factors of the whole workgroup, twice: [unit, rows in quads], or [unit].
var<workgroup> shared_quads: array<vec4<f32>, SHARED_QUADS>;
var<workgroup> shared_single: array<f32, SHARED>;
// What invocations keep from step to step: h without factors; and until a step ends: its sums.
var<workgroup> held: array<elem, HELD>;
var<workgroup> summed: array<elem, HELD>;

// The place of unit 0 of the first row of a workgroup.
fn place_of(wid: vec3<u32>) -> Place {
  return Place(wid.z % DIRECTIONS, (wid.y * FOLD_WIDTH + wid.x) * ROWS, wid.z / DIRECTIONS * UNITS_HERE);
}

fn moved(place: Place, row: u32, unit: u32) -> Place {
  return Place(place.direction, place.row + row, place.unit + unit);
}

fn inside(row: u32) -> u32 { return min(row, params.batch - 1u); }

fn time_of(direction: u32, step: u32) -> u32 {
  return select(step, params.steps - 1u - step, ((BACKWARDS >> direction) & 1u) == 1u);
}

// Where the units of a row begin: [B, T, D·H], and [B, D·H].
fn line_at(place: Place, step: u32) -> u32 {
  return ((inside(place.row) * params.steps + time_of(place.direction, step)) * DIRECTIONS + place.direction) * UNITS;
}
fn state_at(place: Place) -> u32 { return (inside(place.row) * DIRECTIONS + place.direction) * UNITS; }

fn factors_of(place: Place) -> elem { return factors(inside(place.row), place.direction * UNITS + place.unit); }

// The half of the shared memory for step n.
fn half_of(n: u32) -> u32 { return n % 2u * UNITS; }

// An elem of a row of the workgroup, for all to read.
fn share_quad(half: u32, unit: u32, local: u32, value: elem) {
  if (!STEPWISE) {
    for (var j = 0u; j < WIDTH; j++) {
      shared_quads[((half + unit) * WIDTH + j) * (ROWS / 4u) + local / 4u][local % 4u] = part(value, j);
    }
  }
}

// The state in front of `step`: one elem, and, from memory at any k, h ⊙ factors.
fn state_before(place: Place, step: u32) -> elem {
  if (step == 0u) {
    return initial(state_at(place) + place.unit);
  }
  return load_sequence(line_at(place, step - 1u) + place.unit);
}
fn h_before(place: Place, step: u32, k: u32) -> f32 {
  let scale = factor(inside(place.row), place.direction * (UNITS * WIDTH) + k);
  if (step == 0u) {
    return initial_h(state_at(place), k) * scale;
  }
  return load_h(line_at(place, step - 1u), k) * scale;
}

// What follows the product: the next state, and all that is stored of a step.
fn finish_step(place: Place, step: u32, sum: elem, before: elem) -> elem {
  let value = candidate(load_pre(line_at(place, step) + place.unit) + sum);
  let after = select(before, value, counts(inside(place.row), time_of(place.direction, step)));
  if (place.row < params.batch) {
    store_sequence(line_at(place, step) + place.unit, after);
    if (step + 1u == params.steps) {
      store_final_h(state_at(place) + place.unit, after);
    }
  }
  return after;
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
  return shared_quads[(half_of(step) * WIDTH + k) * (ROWS / 4u) + local / 4u];
}

fn add_row(sums: ptr<function, Line>, h: f32, r: Line) {
  (*sums)[0] = fma(elem(h), r[0], (*sums)[0]);
  if (QUADS > 1u) {
    (*sums)[1] = fma(elem(h), r[1], (*sums)[1]);
    (*sums)[2] = fma(elem(h), r[2], (*sums)[2]);
    (*sums)[3] = fma(elem(h), r[3], (*sums)[3]);
  }
}

// The sums of a row of an invocation, until all rows are done.
fn keep_sums(row: u32, lane: u32, sums: Line) {
  summed[row * LANES + lane] = sums[0];
  if (QUADS > 1u) {
    summed[(EACH + row) * LANES + lane] = sums[1];
    summed[(2u * EACH + row) * LANES + lane] = sums[2];
    summed[(3u * EACH + row) * LANES + lane] = sums[3];
  }
}

@compute @workgroup_size(LANES)
fn simple_rnn_forward_rows(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
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
    let mine = moved(first, own % EACH, own / EACH);
    let before = state_before(mine, params.begin);
    held[own * LANES + lane] = before;
    share_quad(half_of(params.begin), mine.unit, local + own % EACH, before * factors_of(mine));
  }
  meet();
  for (var step = params.begin; step < params.end; step++) {
    // Named, not an array: compilers unroll whatever indexes a private array, and take a minute for it.
    var s0 = Line();
    var s1 = Line();
    var s2 = Line();
    var s3 = Line();
    var s4 = Line();
    var s5 = Line();
    var s6 = Line();
    var s7 = Line();
    for (var k = 0u; k < UNITS * WIDTH; k++) {
      let at = k * COLUMNS + first.direction * UNITS + first.unit;
      var r = Line(recurrent_kernel[at], elem(), elem(), elem());
      if (QUADS > 1u) {
        r = Line(recurrent_kernel[at], recurrent_kernel[at + 1u], recurrent_kernel[at + 2u], recurrent_kernel[at + 3u]);
      }
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
    keep_sums(0u, lane, s0);
    keep_sums(1u, lane, s1);
    keep_sums(2u, lane, s2);
    keep_sums(3u, lane, s3);
    if (EACH > 4u) {
      keep_sums(4u, lane, s4);
      keep_sums(5u, lane, s5);
      keep_sums(6u, lane, s6);
      keep_sums(7u, lane, s7);
    }
    for (var own = 0u; own < EACH * QUADS; own++) {
      let mine = moved(first, own % EACH, own / EACH);
      let at = own * LANES + lane;
      let after = finish_step(mine, step, summed[at], held[at]);
      held[at] = after;
      share_quad(half_of(step + 1u), mine.unit, local + own % EACH, after * factors_of(mine));
    }
    meet();
  }
}

fn h_single(place: Place, step: u32, k: u32) -> f32 {
  if (STEPWISE) {
    return h_before(place, step, k);
  }
  return shared_single[half_of(step) * WIDTH + k];
}
fn share_single(place: Place, step: u32, h: elem) {
  let value = h * factors_of(place);
  for (var j = 0u; !STEPWISE && j < WIDTH; j++) {
    shared_single[(half_of(step) + place.unit) * WIDTH + j] = part(value, j);
  }
}

@compute @workgroup_size(LANES)
fn simple_rnn_forward_single(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid);
  if (place.row >= params.batch) {
    return;
  }
  let owned = min(UNITS_HERE, UNITS - place.unit);
  for (var own = lane; own < owned; own += LANES) {
    let mine = moved(place, 0u, own);
    held[own] = state_before(mine, params.begin);
    share_single(mine, params.begin, held[own]);
  }
  meet();
  for (var step = params.begin; step < params.end; step++) {
    for (var own = lane; own < owned; own += LANES) {
      let mine = moved(place, 0u, own);
      var sum = elem();
      for (var k = 0u; k < UNITS * WIDTH; k++) {
        sum = fma(elem(h_single(mine, step, k)), recurrent_kernel[k * COLUMNS + mine.direction * UNITS + mine.unit], sum);
      }
      held[own] = finish_step(mine, step, sum, held[own]);
      share_single(mine, step + 1u, held[own]);
    }
    meet();
  }
}
