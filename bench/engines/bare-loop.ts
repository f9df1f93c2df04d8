/** The least that JavaScript must do for a dispatch: a loop of three calls, with real pipelines and bind groups on a plain device. */

import { adapterName } from '../../src/core/adapter.js';
import { requestAdapter } from '../adapter.js';
import type { Identity, Work } from '../case.js';

/** Pipelines that take turns, each with a bind group of its own. */
const KERNELS = 8;
/** Bytes of a buffer. */
const SIZE = 256;

const source = (factor: number): string => `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> z: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&z)) { z[id.x] = x[id.x] * ${factor}.0 + y[id.x]; }
}`;

export async function describeBareLoop(): Promise<Identity> {
  const { info } = await requestAdapter();
  return { version: 'a bare loop', adapter: adapterName(info) };
}

/** `sample` gives microseconds of a dispatch in `rounds` submits of `dispatches` each. */
export async function openBareLoop(dispatches: number, rounds: number): Promise<Work> {
  const device = await (await requestAdapter()).requestDevice();
  const buffers = Array.from({ length: 3 * KERNELS }, () =>
    device.createBuffer({ size: SIZE, usage: GPUBufferUsage.STORAGE }),
  );
  const pipelines: GPUComputePipeline[] = [];
  const groups: GPUBindGroup[] = [];
  for (let kernel = 0; kernel < KERNELS; kernel++) {
    const module = device.createShaderModule({ code: source(kernel + 1) });
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    const entries = buffers
      .slice(3 * kernel, 3 * kernel + 3)
      .map((buffer, binding) => ({ binding, resource: { buffer } }));
    pipelines.push(pipeline);
    groups.push(device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  }
  const submit = (): void => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let index = 0; index < dispatches; index++) {
      const kernel = index % KERNELS;
      pass.setPipeline(pipelines[kernel] as GPUComputePipeline);
      pass.setBindGroup(0, groups[kernel]);
      pass.dispatchWorkgroups(1);
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
  const idle = (): Promise<void> => device.queue.onSubmittedWorkDone();
  return {
    results: async () => [],
    async run() {
      submit();
      await idle();
    },
    sample: () => microseconds(submit, idle, dispatches, rounds),
    dispose: () => device.destroy(),
  };
}

/**
 * Of a dispatch, in the fastest of `rounds` calls: what else the machine did is no part of it. The device is waited for between
 * calls, so that its queue is never full.
 */
export async function microseconds(
  submit: () => void,
  idle: () => Promise<unknown>,
  dispatches: number,
  rounds: number,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    submit();
    least = Math.min(least, performance.now() - start);
    await idle();
  }
  return (1000 * least) / dispatches;
}
