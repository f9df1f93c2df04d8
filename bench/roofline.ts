/**
 * What this adapter can do at best, measured: multiply-adds in float32 from registers, and copies between buffers. A kernel is judged by
 * the nearer of the two limits. Plain WebGPU on a device of its own, so that no engine's code is in the yardstick.
 */

import { requestAdapter } from './adapter.js';
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

interface Variant {
  readonly type: 'f32' | 'vec4f';
  /** Chains of multiply-adds side by side: enough to fill the pipelines of a processor, few enough for its registers. */
  readonly chains: number;
  /** Multiply-adds of each chain in one round of the loop, so that the loop itself costs next to nothing. */
  readonly unrolled: number;
}

/** Whichever is fastest: processors want scalars, of which their drivers make vectors; GPUs don't care. */
const VARIANTS: readonly Variant[] = [
  { type: 'f32', chains: 12, unrolled: 16 },
  { type: 'f32', chains: 8, unrolled: 16 },
  { type: 'vec4f', chains: 8, unrolled: 4 },
  { type: 'vec4f', chains: 4, unrolled: 16 },
];
const LOOPS = 128;
const GROUP = 64;
/** Workgroups of one dispatch of multiply-adds, at least and at most. */
const GROUPS = { least: 16, most: 16_384 } as const;
/** Workgroups of one copy: few spend little on being started, many fill a GPU. */
const COPY_GROUPS = [32, 256, 16_384] as const;

/** Throws where there is no adapter. Takes a second or two. */
export const measureRoof = (size: Size): Promise<Roof> =>
  onPlainDevice(async (device) => ({
    gflops: await measureGflops(device, size),
    gbps: await measureGbps(device, size),
  }));

export async function onPlainDevice<T>(work: (device: GPUDevice) => Promise<T>): Promise<T> {
  const device = await (await requestAdapter()).requestDevice();
  try {
    return await work(device);
  } finally {
    device.destroy();
  }
}

export async function measureGflops(device: GPUDevice, size: Size): Promise<number> {
  const buffer = device.createBuffer({ size: 64, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, Float32Array.of(...Array(4).fill(0.5), ...Array(4).fill(0.25)));
  const rates: number[] = [];
  for (const variant of VARIANTS) rates.push(await multiplyAddRate(device, buffer, variant, size));
  buffer.destroy();
  return Math.max(...rates);
}

/** The buffer decides at run time what the compiler must not know: the factors, and whether anything is stored. */
const multiplyAdds = ({ type, chains, unrolled }: Variant): string => {
  const names = Array.from({ length: chains }, (_, index) => `x${index}`);
  const round = names.map((name) => `${name} = fma(${name}, factor, shift);`).join(' ');
  return `
@group(0) @binding(0) var<storage, read_write> data: array<${type}>;
@compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = data[0];
  let shift = data[1];
  ${names.map((name, index) => `var ${name} = factor + f32(id.x + ${index}u);`).join('\n  ')}
  for (var i = 0u; i < ${LOOPS}u; i++) {
    ${Array(unrolled).fill(round).join('\n    ')}
  }
  let sum = ${names.join(' + ')};
  if (${type === 'f32' ? 'sum' : 'sum.x'} == 1e30) { data[2] = sum; }
}`;
};

async function multiplyAddRate(
  device: GPUDevice,
  buffer: GPUBuffer,
  variant: Variant,
  size: Size,
): Promise<number> {
  const dispatch = await dispatcher(device, multiplyAdds(variant), [buffer]);
  const { milliseconds } = EXTENTS[size];
  await timeOf(device, () => dispatch(GROUPS.least, 1));
  let groups: number = GROUPS.least;
  while (groups < GROUPS.most && (await timeOf(device, () => dispatch(groups, 1))) < milliseconds / 4)
    groups *= 2;
  const lanes = variant.type === 'f32' ? 1 : 4;
  const operations = groups * GROUP * LOOPS * variant.unrolled * variant.chains * lanes * 2;
  return (await bestRate(device, size, (times) => dispatch(groups, times))) * operations;
}

const COPY = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copy: array<vec4f>;
@compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&copy); i += groups.x * ${GROUP}u) { copy[i] = source[i]; }
}`;

/** By kernels, and by the copy of WebGPU itself, which on a processor is far faster than any kernel. */
export async function measureGbps(device: GPUDevice, size: Size): Promise<number> {
  const { copied } = EXTENTS[size];
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [source, copy] = [0, 1].map(() => device.createBuffer({ size: copied, usage })) as [
    GPUBuffer,
    GPUBuffer,
  ];
  const dispatch = await dispatcher(device, COPY, [source, copy]);
  const rates = [
    await bestRate(device, size, (times) => {
      const encoder = device.createCommandEncoder();
      for (let count = 0; count < times; count++) encoder.copyBufferToBuffer(source, 0, copy, 0, copied);
      device.queue.submit([encoder.finish()]);
    }),
  ];
  for (const groups of COPY_GROUPS) {
    rates.push(await bestRate(device, size, (times) => dispatch(groups, times)));
  }
  for (const buffer of [source, copy]) buffer.destroy();
  return Math.max(...rates) * 2 * copied;
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
