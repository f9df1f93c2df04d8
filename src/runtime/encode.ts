/** The one hot loop on the host: a program's dispatches into a pass. */

import type { CountedDevice } from './counted.js';
import type { Program } from './program.js';

/**
 * One pass over dispatches `from` (inclusive) to `to` (exclusive), counted on through repetitions of the program. Pipeline and
 * bind group are set only where they change: each call costs about as much as a dispatch. With `timestamps`, the pass notes its begin
 * and its end.
 */
export function encodePass(
  ops: CountedDevice,
  encoder: GPUCommandEncoder,
  { pipelines, groups, workgroups }: Program,
  label: string,
  from: number,
  to: number,
  timestamps?: GPUComputePassTimestampWrites,
): void {
  const count = pipelines.length;
  const pass = ops.beginPass(encoder, label, timestamps);
  let pipeline: GPUComputePipeline | undefined;
  let group: GPUBindGroup | undefined;
  let index = from % count;
  for (let done = from; done < to; done++) {
    const nextPipeline = pipelines[index] as GPUComputePipeline;
    const nextGroup = groups[index] as GPUBindGroup;
    if (nextPipeline !== pipeline) pass.setPipeline(nextPipeline);
    if (nextGroup !== group) pass.setBindGroup(0, nextGroup);
    pipeline = nextPipeline;
    group = nextGroup;
    const at = index * 3;
    ops.dispatch(pass, workgroups[at] ?? 0, workgroups[at + 1] ?? 0, workgroups[at + 2] ?? 0);
    if (++index === count) index = 0;
  }
  pass.end();
}
