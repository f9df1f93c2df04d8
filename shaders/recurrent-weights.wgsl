// The gradients of a recurrent layer's weights: one matrix product over all steps of all sequences.
//
//   dW[i, c] = Σ x[b, t, i] · dgates[b, t, c]                      dW [I, N], N = D·G·H columns: directions, gates, units
//   dR[u, c] = Σ h[b, t − 1, u] · factor[b, u] · dgates[b, t, c]   dR [H, N]; t + 1 where a direction runs backwards;
//   db[c]    = Σ dgates[b, t, c]                                   before the first step the state, or 0; Σ over b and t
//
// Of a GRU the candidate n is recurrent through r alone: dR and the second row of db take dcarry = dn·r for its columns.
//
//                     dgates    k = b·T + t ↓  [y y y y | y y y y | …]   a tile lies wholly in one gate's columns and in x's rows or
//    [x, h before, 1]ᵀ  k →                                              in h's rows, or it is a bias row: what it multiplies is
//      x  rows 0 … I    [a]  ┌──────────┬──────────┐                     settled before its loop
//                       [a]  │ c00      │ c01      │
//      h  rows 0 … H    [a]  ├──────────┼──────────┤                     each invocation keeps 8 rows of 4·QUADS columns in registers
//                       [a]  │ c10      │ c11      │                     (8×16, 8×8, 8×4); tiles are numbered along the columns, then
//      1  one row, or two    └──────────┴──────────┘                     the rows, then the parts of k
//
// Wide tiles for adapters whose processor is the GPU, where a load costs several multiplications; narrow ones for GPUs, and where few
// tiles would leave lanes idle. No extent is baked: one compiled shader serves all layers. Loads and stores are vec4 where I and H allow it.
//
// With params.parts > 1 each part sums its own `chunk` of k into its own copy of the result, [dW; dR; db] as one matrix
// (recurrent-weights-combine.wgsl adds the copies).
//
// specialise
alias elem4 = vec4<f32>;
struct Params {
  features: u32, // I
  units: u32, // H
  gates: u32, // G
  width: u32, // D·H
  columns: u32, // D·G·H
  steps: u32, // T
  inner: u32, // B·T
  backwards: u32, // a bit for each direction
  factors_at: u32, factors_stride: u32, // where a sequence's dropout factors lie
  x_tiles: u32, h_tiles: u32, row_tiles: u32, gate_tiles: u32, column_tiles: u32, tiles: u32,
  h_above: u32, bias_above: u32, rows: u32, // of the one matrix: rows above dR, above db, all
  parts: u32,
  chunk: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<elem4>;
@group(0) @binding(2) var<storage, read> sequence: array<elem4>;
@group(0) @binding(3) var<storage, read> state: array<elem4>;
@group(0) @binding(4) var<storage, read> factors: array<f32>;
@group(0) @binding(5) var<storage, read> dgates: array<elem4>;
@group(0) @binding(6) var<storage, read> dcarry: array<elem4>;
@group(0) @binding(7) var<storage, read_write> partial: array<elem4>;
const QUADS = 4u; // of columns
const X_LANES = 4u; // elements of x in one of its array
const H_LANES = 4u; // of all other tensors
const STATE = true;
const FACTORS = true;
const CARRY = true;
fn x_load(at: vec4<u32>) -> elem4 { return x[at.x]; }
fn h_load(at: vec4<u32>) -> elem4 { return sequence[at.x]; }
fn state_load(at: vec4<u32>) -> elem4 { return state[at.x]; }
fn factor_load(at: vec4<u32>) -> elem4 { return elem4(factors[at.x], factors[at.y], factors[at.z], factors[at.w]); }
fn gates_load(at: vec4<u32>) -> elem4 { return dgates[at.x]; }
fn carry_load(at: vec4<u32>) -> elem4 { return dcarry[at.x]; }
// `left` is how many columns follow in the gate.
fn store_four(tile: Tile, row: u32, column: u32, left: u32, value: elem4) {
  partial[((tile.part * params.rows + tile.above + row) * params.columns + column) / 4u] = value;
}
// end

const FOLD_WIDTH = 32768u;
const LANES = 16u;

const X_ROWS = 0u;
const H_ROWS = 1u;
const BIAS_ROW = 2u;

// Four rows of four columns.
alias Quad = array<elem4, 4>;

struct Tile {
  kind: u32,
  row: u32, // in x, in h, or of the bias
  rows: u32, // how many there are
  above: u32, // rows of the one matrix above those of this kind
  direction: u32,
  gate: u32, // of all directions
  unit: u32,
  carry: bool, // dcarry stands in for dgates
  part: u32,
  first: u32, // k
  end: u32,
  outside: bool,
}

fn tile_of(wid: vec3<u32>, lane: u32) -> Tile {
  let index = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  let across = index % params.column_tiles;
  let down = index / params.column_tiles;
  let row_tile = down % params.row_tiles;
  var tile: Tile;
  tile.outside = index >= params.tiles;
  tile.gate = across / params.gate_tiles;
  tile.unit = across % params.gate_tiles * (4u * QUADS);
  tile.direction = tile.gate / params.gates;
  tile.part = down / params.row_tiles;
  tile.first = min(tile.part * params.chunk, params.inner);
  tile.end = min(tile.first + params.chunk, params.inner);
  if (row_tile < params.x_tiles) {
    tile.kind = X_ROWS;
    tile.row = row_tile * 8u;
    tile.rows = params.features;
  } else if (row_tile - params.x_tiles < params.h_tiles) {
    tile.kind = H_ROWS;
    tile.row = (row_tile - params.x_tiles) * 8u;
    tile.rows = params.units;
    tile.above = params.h_above;
  } else {
    tile.kind = BIAS_ROW;
    tile.row = row_tile - params.x_tiles - params.h_tiles;
    tile.rows = tile.row + 1u;
    tile.above = params.bias_above;
  }
  let recurrent = tile.kind == H_ROWS || (tile.kind == BIAS_ROW && tile.row == 1u);
  tile.carry = CARRY && recurrent && tile.gate % params.gates == 2u;
  return tile;
}

// Where four neighbours of a row of `count` elements lie, beyond `start`. Past the edge the last one repeats.
fn four_at(start: u32, lane: u32, count: u32, lanes: u32) -> vec4<u32> {
  if (lanes == 4u) {
    return vec4<u32>((start + min(lane, count - 4u)) / 4u);
  }
  return vec4<u32>(start) + min(vec4<u32>(lane) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
}

fn columns_at(tile: Tile, column: u32) -> vec4<u32> {
  return four_at(select(tile.gate, tile.direction, tile.carry) * params.units, tile.unit + column, params.units, H_LANES);
}

// Four columns of dgates or dcarry, if the tile has them.
fn gates_columns(index: u32, at: vec4<u32>) -> elem4 {
  if (index >= QUADS) {
    return elem4();
  }
  return gates_load(at);
}
fn carry_columns(index: u32, at: vec4<u32>) -> elem4 {
  if (index >= QUADS) {
    return elem4();
  }
  return carry_load(at);
}

// Four columns of dgates or dcarry, for the bias.
fn column_load(tile: Tile, base: vec4<u32>, k: u32) -> elem4 {
  if (CARRY && tile.carry) {
    return carry_load(base + k * (params.width / H_LANES));
  }
  return gates_load(base + k * (params.columns / H_LANES));
}

// Eight rows of four columns.
fn add(above: ptr<function, Quad>, below: ptr<function, Quad>, x0: elem4, x1: elem4, y: elem4) {
  (*above)[0] = fma(elem4(x0.x), y, (*above)[0]);
  (*above)[1] = fma(elem4(x0.y), y, (*above)[1]);
  (*above)[2] = fma(elem4(x0.z), y, (*above)[2]);
  (*above)[3] = fma(elem4(x0.w), y, (*above)[3]);
  (*below)[0] = fma(elem4(x1.x), y, (*below)[0]);
  (*below)[1] = fma(elem4(x1.y), y, (*below)[1]);
  (*below)[2] = fma(elem4(x1.z), y, (*below)[2]);
  (*below)[3] = fma(elem4(x1.w), y, (*below)[3]);
}

// The way along the steps of the sequences, for rows of h.
struct Walk {
  line: u32, // sequence
  t: u32,
  opening: u32, // the step that comes first in this direction
  before: u32, // from a k to that of the step before it
  start: u32, // of the direction's units
}

fn walk_of(tile: Tile) -> Walk {
  let is_backward = extractBits(params.backwards, tile.direction, 1u) == 1u;
  var walk: Walk;
  walk.line = tile.first / params.steps;
  walk.t = tile.first % params.steps;
  walk.opening = select(0u, params.steps - 1u, is_backward);
  walk.before = select(0xffffffffu, 1u, is_backward);
  walk.start = tile.direction * params.units;
  return walk;
}

fn advance(walk: ptr<function, Walk>) {
  let is_last = (*walk).t + 1u == params.steps;
  (*walk).t = select((*walk).t + 1u, 0u, is_last);
  (*walk).line += u32(is_last);
}

// Four rows of h before step k, from `row` on; they lie at `base`. Chosen after loading: on a software adapter a loop whose loads
// stand in branches takes twice as long, and one loop in another, by sequences, takes seconds to compile.
fn h_before(walk: Walk, base: vec4<u32>, row: u32, k: u32) -> elem4 {
  let step = params.width / H_LANES;
  let is_opening = walk.t == walk.opening;
  var h = select(h_load(base + (k + walk.before) * step), elem4(), is_opening);
  if (STATE) {
    h = select(h, state_load(base + walk.line * step), is_opening);
  }
  if (FACTORS) {
    let start = walk.line * params.factors_stride + params.factors_at + walk.start;
    h *= factor_load(four_at(start, row, params.units, 1u));
  }
  return h;
}

@compute @workgroup_size(LANES)
fn recurrent_weights(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let tile = tile_of(wid, lane);
  if (tile.outside) {
    return;
  }
  let b0 = columns_at(tile, 0u);
  let b1 = columns_at(tile, 4u);
  let b2 = columns_at(tile, 8u);
  let b3 = columns_at(tile, 12u);
  let gates_step = params.columns / H_LANES;
  let carry_step = params.width / H_LANES;
  var c00 = Quad();
  var c01 = Quad();
  var c02 = Quad();
  var c03 = Quad();
  var c10 = Quad();
  var c11 = Quad();
  var c12 = Quad();
  var c13 = Quad();

  // In a turn all loads come before all sums: mixed, they take lavapipe half as long again.
  if (tile.kind == X_ROWS) {
    let a0 = four_at(0u, tile.row, params.features, X_LANES);
    let a1 = four_at(0u, tile.row + 4u, params.features, X_LANES);
    for (var k = tile.first; k < tile.end; k++) {
      let x0 = x_load(a0 + k * (params.features / X_LANES));
      let x1 = x_load(a1 + k * (params.features / X_LANES));
      let y = k * gates_step;
      let y0 = gates_columns(0u, b0 + y);
      let y1 = gates_columns(1u, b1 + y);
      let y2 = gates_columns(2u, b2 + y);
      let y3 = gates_columns(3u, b3 + y);
      add(&c00, &c10, x0, x1, y0);
      if (QUADS > 1u) {
        add(&c01, &c11, x0, x1, y1);
      }
      if (QUADS > 2u) {
        add(&c02, &c12, x0, x1, y2);
        add(&c03, &c13, x0, x1, y3);
      }
    }
  } else if (tile.kind == H_ROWS) {
    var walk = walk_of(tile);
    let a0 = four_at(walk.start, tile.row, params.units, H_LANES);
    let a1 = four_at(walk.start, tile.row + 4u, params.units, H_LANES);
    if (CARRY && tile.carry) {
      for (var k = tile.first; k < tile.end; k++) {
        let x0 = h_before(walk, a0, tile.row, k);
        let x1 = h_before(walk, a1, tile.row + 4u, k);
        advance(&walk);
        let y = k * carry_step;
        let y0 = carry_columns(0u, b0 + y);
        let y1 = carry_columns(1u, b1 + y);
        let y2 = carry_columns(2u, b2 + y);
        let y3 = carry_columns(3u, b3 + y);
        add(&c00, &c10, x0, x1, y0);
        if (QUADS > 1u) {
          add(&c01, &c11, x0, x1, y1);
        }
        if (QUADS > 2u) {
          add(&c02, &c12, x0, x1, y2);
          add(&c03, &c13, x0, x1, y3);
        }
      }
    } else {
      for (var k = tile.first; k < tile.end; k++) {
        let x0 = h_before(walk, a0, tile.row, k);
        let x1 = h_before(walk, a1, tile.row + 4u, k);
        advance(&walk);
        let y = k * gates_step;
        let y0 = gates_columns(0u, b0 + y);
        let y1 = gates_columns(1u, b1 + y);
        let y2 = gates_columns(2u, b2 + y);
        let y3 = gates_columns(3u, b3 + y);
        add(&c00, &c10, x0, x1, y0);
        if (QUADS > 1u) {
          add(&c01, &c11, x0, x1, y1);
        }
        if (QUADS > 2u) {
          add(&c02, &c12, x0, x1, y2);
          add(&c03, &c13, x0, x1, y3);
        }
      }
    }
  } else {
    for (var k = tile.first; k < tile.end; k++) {
      c00[0] += column_load(tile, b0, k);
      if (QUADS > 1u) {
        c01[0] += column_load(tile, b1, k);
      }
      if (QUADS > 2u) {
        c02[0] += column_load(tile, b2, k);
        c03[0] += column_load(tile, b3, k);
      }
    }
  }

  // One indexed copy, so that the loop above keeps its named registers.
  var quads = array<Quad, 8>(c00, c01, c02, c03, c10, c11, c12, c13);
  // Not from a constant to a constant: unrolled, the stores alone take lavapipe four seconds to compile.
  let end = min(tile.row + 8u, tile.rows) * QUADS;
  for (var own = tile.row * QUADS; own < end; own++) {
    let row = own / QUADS - tile.row;
    let column = own % QUADS;
    let unit = tile.unit + column * 4u;
    if (unit < params.units) {
      let value = quads[row / 4u * 4u + column][row % 4u];
      store_four(tile, tile.row + row, tile.gate * params.units + unit, params.units - unit, value);
    }
  }
}
