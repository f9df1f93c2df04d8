// Swaps the last two axes through workgroup memory, so that reads and writes are both along rows.
//
//   result[b, c, r] = source[b, r, c]        source [batch, rows, cols], result [batch, cols, rows]
//
//     source                    tile 32 × 33                 result
//     ┌────┬────┬────┐                                       ┌────┬────┐
//     │    │ T  │    │   ──►  row r of T read along x,  ──►  │    │    │
//     ├────┼────┼────┤        column c written along x       ├────┼────┤
//     │    │    │    │                                       │ Tᵀ │    │
//     └────┴────┴────┘                                       └────┴────┘
//
// A column of padding keeps the 32 lanes that read down a column out of one memory bank. For GPUs: on a software adapter the barrier
// costs more than it saves, and `strided_copy` does the same.

// specialise
struct Params {
  rows: u32,
  cols: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;
// end

const TILE = 32u;
const PITCH = 33u;
const LINES = 8u;

var<workgroup> tile: array<u32, TILE * PITCH>;

@compute @workgroup_size(TILE, LINES)
fn transpose_tiled(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let base = wid.z * params.rows * params.cols;
  for (var line = lid.y; line < TILE; line += LINES) {
    let row = wid.y * TILE + line;
    let col = wid.x * TILE + lid.x;
    if (row < params.rows && col < params.cols) {
      tile[line * PITCH + lid.x] = source[base + row * params.cols + col];
    }
  }
  workgroupBarrier();
  for (var line = lid.y; line < TILE; line += LINES) {
    let row = wid.x * TILE + line;
    let col = wid.y * TILE + lid.x;
    if (row < params.cols && col < params.rows) {
      result[base + row * params.rows + col] = tile[lid.x * PITCH + line];
    }
  }
}
