// The harness tests itself: an adapter is there, numbers come back as they were computed, and a fault does not go unseen.
import { check, compare, exact, type GpuCase, type Probe } from './kit.js';

const DOUBLE = `
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(64) fn double(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&values)) { values[id.x] = 2.0 * values[id.x]; }
}`;

async function requireDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('no WebGPU adapter');
  return adapter.requestDevice();
}

/** `values`, doubled on the GPU. */
async function double(device: GPUDevice, values: Float32Array<ArrayBuffer>): Promise<Float32Array> {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: values.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
  const staging = device.createBuffer({ size: values.byteLength, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(buffer, 0, values);
  const module = device.createShaderModule({ code: DOUBLE });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const entries = [{ binding: 0, resource: { buffer } }];
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(values.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, values.byteLength);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  return new Float32Array(staging.getMappedRange().slice(0));
}

export const cases: GpuCase[] = [
  {
    name: 'the page is a secure context with an adapter that names itself',
    async run() {
      const adapter = await navigator.gpu?.requestAdapter();
      return [
        ...check('secure context', isSecureContext),
        ...check('adapter', adapter?.info !== undefined && adapter.info.vendor !== '', 'a vendor', 'none'),
      ];
    },
  },
  {
    name: 'a kernel of one line gives the exact numbers',
    async run({ onCleanup }) {
      const device = await requireDevice();
      onCleanup(() => device.destroy());
      const values = Float32Array.from({ length: 1000 }, (_, index) => (index - 500) / 8);
      return exact(
        'doubled',
        await double(device, values),
        values.map((value) => 2 * value),
      );
    },
  },
  {
    name: 'comparing in the page tells NaN from a number and -0 from 0',
    async run() {
      const found = compare('planted', [NaN, -0, 1], [1, 0, 1], 0);
      return exact(
        'indices of the planted faults',
        found.map(({ at }) => Number(at?.slice(1, -1))),
        [0, 1],
      );
    },
  },
  {
    name: 'a buffer is destroyed with its device without a fault',
    async run() {
      const device = await requireDevice();
      device.destroy();
      const { reason } = await device.lost;
      return check('reason of the loss', reason === 'destroyed', 'destroyed', reason);
    },
  },
];

/** Faults on purpose, by name; harness.test.ts expects each of them to be reported. */
const faults: Record<string, () => Promise<void>> = {
  async gpu() {
    const device = await requireDevice();
    device.createBuffer({ size: 3, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  },
  async page() {
    setTimeout(() => {
      throw new Error('planted page error');
    }, 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  },
  async console() {
    console.error('planted console error');
  },
};

export const probes: Record<string, Probe> = {
  async fault(name) {
    const plant = faults[name];
    if (plant === undefined) throw new Error(`no fault "${name}"`);
    await plant();
    return 'planted';
  },
  forever: () => new Promise(() => {}),
};
