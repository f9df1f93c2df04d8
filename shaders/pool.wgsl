// Max and average pooling of images [N, H, W, C], windows of KH × KW cells.
//
//   max      y[n,p,q,c] = max of x[n, p·SH + r − top, q·SW + s − left, c]; winners[…] = r·KW + s of the first cell that attains it
//   average  y[n,p,q,c] = Σ x / count                                        over the cells within the image
//
//   x     . . . . . .      KH = KW = 3, SH = SW = 2: windows overlap in one row and one column.
//         . ┌─────┐ .      Cells around the image (PADDED) are passed over. Every window holds a cell of the image.
//         . │p,q  │ .
//         . │     │ .
//         . └─────┘ .
//
// One invocation makes four neighbouring elements of y: one vec4 where C is a multiple of 4 (TURNS = 1), else one after the other
// (TURNS = 4), so that the winners of an invocation fill one word either way. The window and the channels are baked; the image's
// extents and the batch are parameters. So is a window over the whole image (WHOLE): KH, KW, SH and SW are larger than any then.

// specialise
alias elem = vec4<f32>;
alias index = vec4<u32>;
const AVERAGE = false;
const PADDED = true;
const WHOLE = false;
const TURNS = 1u;
const CHANNELS = 8u; // in elems
const KH = 3u;
const KW = 3u;
const SH = 2u;
const SW = 2u;
struct Params {
  units: u32, // elems of y
  height: u32,
  width: u32,
  rows: u32,
  columns: u32,
  top: u32,
  left: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<elem>;
@group(0) @binding(2) var<storage, read_write> y: array<elem>;
@group(0) @binding(3) var<storage, read_write> winners: array<u32>;
var<private> word: u32;
fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }
fn store(unit: u32, value: elem) { y[unit] = value; }
fn keep(unit: u32, turn: u32, winner: index) { word |= winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u); }
fn finish(quad: u32) { winners[quad] = word; }
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

fn pool_unit(unit: u32, turn: u32) {
  let kh = select(KH, params.height, WHOLE);
  let kw = select(KW, params.width, WHOLE);
  let c = unit % CHANNELS;
  let pixel = unit / CHANNELS;
  let q = pixel % params.columns;
  let line = pixel / params.columns;
  let p = line % params.rows;
  let image = line / params.rows * params.height;
  // Rows and columns before the image wrap to huge numbers, so that one comparison finds them.
  let top = p * SH - params.top;
  let left = q * SW - params.left;
  let first_row = max(p * SH, params.top) - params.top;
  let first_column = max(q * SW, params.left) - params.left;
  var best = x[((image + first_row) * params.width + first_column) * CHANNELS + c];
  var winner = index((first_row - top) * kw + first_column - left);
  var sum = elem();
  var count = 0u;
  for (var r = 0u; r < kh; r++) {
    let h = top + r;
    for (var s = 0u; s < kw; s++) {
      let w = left + s;
      if (!PADDED || (h < params.height && w < params.width)) {
        let value = x[((image + h) * params.width + w) * CHANNELS + c];
        if (AVERAGE) {
          sum += value;
          count++;
        } else {
          winner = select(winner, index(r * kw + s), value > best);
          best = select(best, value, value > best);
        }
      }
    }
  }
  if (AVERAGE) {
    if (PADDED) {
      store(unit, sum / f32(count));
    } else {
      store(unit, sum * (1.0 / f32(kh * kw)));
    }
  } else {
    store(unit, best);
    keep(unit, turn, winner);
  }
}

@compute @workgroup_size(LANES)
fn pool(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let quad = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (quad * TURNS >= params.units) {
    return;
  }
  if (TURNS == 1u) {
    pool_unit(quad, 0u);
    finish(quad);
    return;
  }
  for (var turn = 0u; turn < TURNS; turn++) {
    let unit = quad * TURNS + turn;
    if (unit < params.units) {
      pool_unit(unit, turn);
    }
  }
  finish(quad);
}
