// Takes the rows of the next batch out of data that lies on the device: one dispatch for all columns (images, labels, weights).
//
//   batch_c[b, …] = column_c[order[cursor + b], …],   b < batch_size
//
//   order   7 2 9 4 0 5 …            column_0, stored in shards of `shard_rows_0` rows each, because a
//               └─┬─┘                binding is limited:
//            cursor = 2, batch 2     ├─ column_0_shard_0 ─┼─ column_0_shard_1 ─┤
//
// Workgroups are dealt to the columns one after another: `end_c` is the first that is not column c's. An invocation moves one
// unit: four elements of a row, or one where a row of words is not a whole number of quads. uint8 rows are read a word at a time
// whatever their alignment: two neighbouring words are shifted together. Row lengths are baked; the batch, the number of rows
// and the cursor are not. Rows outside the data take the nearest one.

// specialise
struct Params {
  batch_size: u32,
  order_length: u32,
  end_0: u32,
  rows_0: u32,
  shard_rows_0: u32,
  from_0: u32,
  to_0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cursor: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<i32>;
@group(0) @binding(3) var<storage, read> column_0_shard_0: array<u32>;
@group(0) @binding(4) var<storage, read_write> batch_0: array<vec4<f32>>;

fn epilogue(value: f32, row: u32, col: u32) -> f32 {
  return value;
}

fn load_0(shard: u32, at: u32) -> u32 {
  return column_0_shard_0[at];
}

fn take_0(item: u32) {
  let b = item / 196u;
  let col = item % 196u * 4u;
  if (b >= params.batch_size) {
    return;
  }
  let row = source_row(b, params.rows_0);
  if (row < params.from_0 || row >= params.to_0) {
    return;
  }
  let shard = (row - params.from_0) / params.shard_rows_0;
  let at = (row - params.from_0) % params.shard_rows_0 * 784u + col;
  let unit = bytes_of(load_0(shard, at / 4u));
  let e = b * 784u + col;
  batch_0[e / 4u] = vec4<f32>(
    epilogue(f32(unit[0]), (e + 0u) / 784u, (e + 0u) % 784u),
    epilogue(f32(unit[1]), (e + 1u) / 784u, (e + 1u) % 784u),
    epilogue(f32(unit[2]), (e + 2u) / 784u, (e + 2u) % 784u),
    epilogue(f32(unit[3]), (e + 3u) / 784u, (e + 3u) % 784u),
  );
}

fn take(workgroup: u32, lane: u32) {
  if (workgroup < params.end_0) {
    take_0(workgroup * LANES + lane);
  }
}
// end

const LANES = 64u;
const FOLD_WIDTH = 32768u;

// The row of the data that row b of the batch is.
fn source_row(b: u32, rows: u32) -> u32 {
  let at = min(cursor[0] + b, params.order_length - 1u);
  return u32(clamp(order[at], 0i, i32(rows) - 1i));
}

fn bytes_of(word: u32) -> vec4<u32> {
  return (vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u);
}

// The word that starts `shift` bits into `low` and goes on in `high`.
fn funnel(low: u32, high: u32, shift: u32) -> u32 {
  return select((low >> shift) | (high << ((32u - shift) & 31u)), low, shift == 0u);
}

@compute @workgroup_size(LANES)
fn next_batch(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  take(wid.y * FOLD_WIDTH + wid.x, lane);
}
