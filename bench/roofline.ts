/**
 * What this adapter can do at best, measured: multiply-adds in float32 from registers, and copies between buffers. A kernel is judged by
 * the nearer of the two limits. Plain WebGPU on a device of its own, so that no engine's code is in the yardstick.
 */

import type { Size } from './case.js';

export interface Roof {
  /** 10⁹ float32 operations a second; a multiply-add is two. */
  readonly gflops: number;
  /** 10⁹ bytes a second, read and written ones together. */
  readonly gbps: number;
}

/** Of what is measured, how much at which size. */
const EXTENTS: Readonly<
  Record<Size, { readonly copied: number; readonly samples: number; readonly milliseconds: number }>
> = {
  // Far more than the caches of a processor or of a GPU hold.
  full: { copied: 2 ** 26, samples: 5, milliseconds: 60 },
  tiny: { copied: 2 ** 18, samples: 1, milliseconds: 1 },
};

/** Chains of multiply-adds side by side in an invocation: few fit the registers of a processor, many hide a GPU's latency. */
const CHAINS = [2, 4, 8] as const;
const LOOPS = 256;
const GROUP = 64;
/** Workgroups of one dispatch of multiply-adds, at least and at most. */
const GROUPS = { least: 64, most: 16_384 } as const;

/** Throws where there is no adapter. Takes about a second. */
export async function measureRoof(size: Size): Promise<Roof> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('there is no WebGPU adapter');
  const device = await adapter.requestDevice();
  try {
    const rates: number[] = [];
    for (const chains of CHAINS) rates.push(await multiplyAddRate(device, chains, size));
    return { gflops: Math.max(...rates), gbps: await copyRate(device, size) };
  } finally {
    device.destroy();
  }
}

/** `groups` and the buffer decide at run time what the compiler must not know: the factors, and whether anything is stored. */
const multiplyAdds = (chains: number): string => {
  const names = Array.from({ length: chains }, (_, index) => `x${index}`);
  return `
@group(0) @binding(0) var<storage, read_write> data: array<vec4f>;
@compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = data[0];
  let shift = data[1];
  ${names.map((name, index) => `var ${name} = factor + f32(id.x + ${index}u);`).join('\n  ')}
  for (var i = 0u; i < ${LOOPS}u; i++) {
    ${Array.from({ length: 4 }, () => names.map((name) => `${name} = fma(${name}, factor, shift);`).join(' ')).join('\n    ')}
  }
  let sum = ${names.join(' + ')};
  if (sum.x == 1e30) { data[2] = sum; }
}`;
};

async function multiplyAddRate(device: GPUDevice, chains: number, size: Size): Promise<number> {
  const buffer = device.createBuffer({ size: 64, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, Float32Array.of(...Array(4).fill(0.5), ...Array(4).fill(0.25)));
  const dispatch = await dispatcher(device, multiplyAdds(chains), [buffer]);
  const { milliseconds } = EXTENTS[size];
  let groups: number = GROUPS.least;
  while (groups < GROUPS.most && (await timeOf(device, () => dispatch(groups, 1))) < milliseconds / 4)
    groups *= 2;
  const operations = groups * GROUP * LOOPS * 4 * chains * 4 * 2;
  return (await bestRate(device, size, (times) => dispatch(groups, times))) * operations;
}

const COPY = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copy: array<vec4f>;
@compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&copy); i += groups.x * ${GROUP}u) { copy[i] = source[i]; }
}`;

async function copyRate(device: GPUDevice, size: Size): Promise<number> {
  const { copied } = EXTENTS[size];
  const [source, copy] = [0, 1].map(() =>
    device.createBuffer({ size: copied, usage: GPUBufferUsage.STORAGE }),
  ) as [GPUBuffer, GPUBuffer];
  const dispatch = await dispatcher(device, COPY, [source, copy]);
  const groups = Math.min(GROUPS.most, copied / 16 / GROUP);
  return (await bestRate(device, size, (times) => dispatch(groups, times))) * 2 * copied;
}

/** 10⁹ dispatches a second of the best of several samples. */
async function bestRate(device: GPUDevice, size: Size, dispatch: (times: number) => void): Promise<number> {
  const { samples, milliseconds } = EXTENTS[size];
  await timeOf(device, () => dispatch(1));
  const times = Math.max(1, Math.ceil(milliseconds / (await timeOf(device, () => dispatch(1)))));
  let best = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < samples; sample++) {
    best = Math.min(best, (await timeOf(device, () => dispatch(times))) / times);
  }
  return 1 / best / 1e6;
}

async function timeOf(device: GPUDevice, work: () => void): Promise<number> {
  const start = performance.now();
  work();
  await device.queue.onSubmittedWorkDone();
  return Math.max(0.001, performance.now() - start);
}

async function dispatcher(
  device: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
): Promise<(groups: number, times: number) => void> {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return (groups, times) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let count = 0; count < times; count++) pass.dispatchWorkgroups(groups);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
}
