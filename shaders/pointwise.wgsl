// Pointwise programs: y[i] = f(x0[i], x1[i], …) for every element i of the result, f a straight line of scalar functions.
//
// Operands broadcast against the result (any NumPy broadcast, worked out in `element`); several results may be written at
// once. One invocation owns one unit of the result, so that neighbours in a workgroup touch neighbours in memory:
//
//   scalar   a unit is one element            |0|1|2|3|4|5|6|7|…
//   vec4     a unit is four neighbours        |   0   |   1   |…     one 16-byte load and store; where rows of four fit
//
// Workgroups beyond FOLD_WIDTH fold into y. The default block is the scalar copy y = x.

// specialise
const WORKGROUP_SIZE = 256u;
const FOLD_WIDTH = 32768u;
struct Params {
  units: u32, // units of the result
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> in0: array<f32>;
@group(0) @binding(2) var<storage, read_write> out0: array<f32>;
fn element(unit: u32) {
  out0[unit] = in0[unit];
}
// end

@compute @workgroup_size(WORKGROUP_SIZE)
fn pointwise(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let unit = (group.y * FOLD_WIDTH + group.x) * WORKGROUP_SIZE + lane;
  if (unit >= params.units) {
    return;
  }
  element(unit);
}
