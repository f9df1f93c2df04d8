// Gradients of max and average pooling of images [N, H, W, C], windows of KH × KW cells: every cell gathers from the windows that hold
// it, so that the order of addition is fixed and nothing is atomic.
//
//   pool_gradient  max      dx[n,h,w,c] = Σ dy[n,p,q,c]  over the windows (p,q) whose winner is cell (h,w)
//                  average  dx[n,h,w,c] = Σ dy[n,p,q,c] / count(p,q)  over the windows (p,q) that hold cell (h,w)
//
//   h + top = p·SH + r:  the last such window is p = ⌊(h + top) / SH⌋ with r = (h + top) mod SH; each one before it has an r larger
//   by SH. There are at most ⌈KH / SH⌉. Windows that lie side by side (KH = SH) give one each: dx is dy where the cell has won.
//
// One invocation makes four neighbouring elements of dx: one vec4 where C is a multiple of 4 (TURNS = 1), else one after the other.
// The window and the channels are baked; the image's extents and the batch are parameters. So is a window over the whole image (WHOLE):
// KH, KW, SH and SW are larger than any then. Loops of one turn are left out: on a software
// adapter they cost more than all else (32×24×24×64, windows 2×2 side by side: 40 ms with them, 15 without).

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
  units: u32, // elems of dx
  height: u32,
  width: u32,
  rows: u32,
  columns: u32,
  top: u32,
  left: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<elem>;
@group(0) @binding(2) var<storage, read> winners: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<elem>;
fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }
fn store(unit: u32, value: elem) { dx[unit] = value; }
fn winner_at(unit: u32) -> index { return (index(winners[unit]) >> index(0u, 8u, 16u, 24u)) & index(255u); }
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

// Cells of the image among `size` that begin at `start`, counted from the first padding cell.
fn cells_within(start: u32, size: u32, before: u32, extent: u32) -> u32 {
  return min(start + size, extent + before) - max(start, before);
}

// What window (row / SH − a, column / SW − b) gives to the cell at (row, column), both counted from the first padding cell.
fn share_of(image: u32, row: u32, column: u32, c: u32, a: u32, b: u32) -> elem {
  // Before the first window p and q wrap to huge numbers.
  let p = row / SH - a;
  let r = row % SH + a * SH;
  let q = column / SW - b;
  let s = column % SW + b * SW;
  if (r >= KH || s >= KW || p >= params.rows || q >= params.columns) {
    return elem();
  }
  let kh = select(KH, params.height, WHOLE);
  let kw = select(KW, params.width, WHOLE);
  let at = ((image + p) * params.columns + q) * CHANNELS + c;
  if (!AVERAGE) {
    return select(elem(), dy[at], winner_at(at) == index(r * kw + s));
  }
  if (!PADDED) {
    return dy[at] * (1.0 / f32(kh * kw));
  }
  let high = cells_within(p * SH, KH, params.top, params.height);
  return dy[at] / f32(high * cells_within(q * SW, KW, params.left, params.width));
}

fn gradient_unit(unit: u32) {
  let c = unit % CHANNELS;
  let pixel = unit / CHANNELS;
  let w = pixel % params.width;
  let line = pixel / params.width;
  let row = line % params.height + params.top;
  let column = w + params.left;
  let image = line / params.height * params.rows;
  if (KH <= SH && KW <= SW) {
    store(unit, share_of(image, row, column, c, 0u, 0u));
    return;
  }
  var sum = elem();
  for (var a = 0u; a < (KH + SH - 1u) / SH; a++) {
    for (var b = 0u; b < (KW + SW - 1u) / SW; b++) {
      sum += share_of(image, row, column, c, a, b);
    }
  }
  store(unit, sum);
}

@compute @workgroup_size(LANES)
fn pool_gradient(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let quad = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (TURNS == 1u) {
    if (quad < params.units) {
      gradient_unit(quad);
    }
    return;
  }
  for (var turn = 0u; turn < TURNS; turn++) {
    let unit = quad * TURNS + turn;
    if (unit < params.units) {
      gradient_unit(unit);
    }
  }
}
