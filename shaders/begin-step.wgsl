// The control scalars at the start of a step of a graph program, which has no tail: one more step, which may be applied, no fault so far.
//
//   step += 1,  apply = 1,  fault = 0
//
//   control (one binding, a 256-byte slot each):  step | apply | fault

// specialise
struct Params {
  unused: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> control: array<u32>;
// end

const SLOT = 64u;

@compute @workgroup_size(1)
fn begin_step() {
  control[0] += 1u;
  control[SLOT] = 1u;
  control[2u * SLOT] = 0u;
}
