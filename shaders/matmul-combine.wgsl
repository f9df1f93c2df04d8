// Second pass of split-K: adds the copies of C that the parts of K left, always in the order of the parts.
//
//   C[i] = epilogue( Σ_part partial[part, i] ),     column_sum[j] = Σ_part sums[part, j]
//
//   partial   part 0  [ . . . . . . ]
//             part 1  [ . . . . . . ]      one invocation per element of C, then, with a column sum,
//             …       ↓ ↓ ↓ ↓ ↓ ↓         one per column
//             C       [ . . . . . . ]
//
// specialise
alias elem = f32; // as stored and accumulated
struct Params {
  size: u32,
  columns: u32,
  parts: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<elem>;
@group(0) @binding(2) var<storage, read_write> c: array<elem>;
fn epilogue(value: elem, row: u32, col: u32) -> elem { return value; }
fn store_sum(column: u32) {}
// end

const FOLD_WIDTH = 32768u;
const LANES = 64u;

@compute @workgroup_size(LANES)
fn matmul_combine(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let index = (wid.y * FOLD_WIDTH + wid.x) * LANES + lane;
  if (index >= params.size) {
    store_sum(index - params.size);
    return;
  }
  var sum = elem();
  for (var part = 0u; part < params.parts; part++) {
    sum += partial[part * params.size + index];
  }
  c[index] = epilogue(sum, index / params.columns, index % params.columns);
}
