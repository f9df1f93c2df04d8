// Joins up to seven tensors along one axis. Each is a matrix [outer, width_p]: `outer` is the product of the extents before the
// axis, `width_p` the product of the rest. More tensors take more dispatches, each writing its own columns.
//
//          base     end_0      end_1     total
//     ┌──────┬────────┬──────────┬─────────┐
//     │  …   │ part_0 │  part_1  │    …    │   × outer
//     └──────┴────────┴──────────┴─────────┘
//
// Only the number of parts is baked. Elements are moved as words; where every width is a whole number of quads, `elem` is a vec4 and
// everything counts in quads.

// specialise
alias elem = u32;
struct Params {
  count: u32,
  span: u32,
  base: u32,
  total: u32,
  width_0: u32,
  width_1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> part_0: array<elem>;
@group(0) @binding(2) var<storage, read> part_1: array<elem>;
@group(0) @binding(3) var<storage, read_write> result: array<elem>;

fn load(row: u32, col: u32) -> elem {
  var at = col;
  if (at < params.width_0) {
    return part_0[row * params.width_0 + at];
  }
  at -= params.width_0;
  return part_1[row * params.width_1 + at];
}
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

@compute @workgroup_size(LANES)
fn concat(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (i >= params.count) {
    return;
  }
  let row = i / params.span;
  let col = i % params.span;
  result[row * params.total + params.base + col] = load(row, col);
}
