/**
 * Runs one kernel variant on raw WebGPU, without the compiler or the runtime, so that a fault can only be the kernel's.
 * Each tensor gets a buffer of its own; the members of a group share one, each at the next multiple of 256 bytes.
 */

import { deviceBytes, type HostArray, hostArray } from '../../src/core/dtype.js';
import { sizeOf } from '../../src/core/shape.js';
import type { HostTensor, TensorType } from '../../src/ir/graph.js';
import type { Arg, Candidate, LowerRequest } from '../../src/ir/op.js';
import type { Kernel, ParamType } from '../../src/kernels/kernel.js';

const ALIGNMENT = 256;
const alignUp = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
/** What scratch and outputs hold beforehand, so that an element that is never written shows. */
const POISON = 0x7fc0beef;

interface Place {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** The outputs of `candidate` on `inputs`; outputs that `request.used` denies are `null`. Throws on any WGSL message or GPU error. */
export async function runCandidate(
  device: GPUDevice,
  candidate: Candidate,
  request: LowerRequest,
  inputs: readonly HostTensor[],
): Promise<(HostTensor | null)[]> {
  const { scratch, dispatches } = candidate.lower();
  const types = [...inputs, ...request.outputs, ...scratch];
  const buffers: GPUBuffer[] = [];
  const slots = mergeSlots(types.length, dispatches, inputs.length, request.outputs.length);
  const places = new Map<number, Place>();
  device.pushErrorScope('validation');

  for (const slot of slots) {
    const bytes = slot.reduce(
      (sum, members) =>
        sum + alignUp(deviceBytes(typeAt(types, members[0]).shape, typeAt(types, members[0]).dtype)),
      0,
    );
    const buffer = device.createBuffer({
      size: Math.max(bytes, ALIGNMENT),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(POISON));
    buffers.push(buffer);
    let offset = 0;
    for (const members of slot) {
      const type = typeAt(types, members[0]);
      const size = deviceBytes(type.shape, type.dtype);
      for (const member of members) {
        places.set(member, { buffer, offset, bytes: size });
        const input = inputs[member];
        // Deno panics where nothing is written.
        if (input && size > 0) device.queue.writeBuffer(buffer, offset, packed(input));
      }
      offset += alignUp(size);
    }
  }

  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const { launch, args } of dispatches) {
    const pipeline = await pipelineFor(device, launch.kernel);
    const params = device.createBuffer({
      size: Math.max(16, Math.ceil(launch.params.length / 4) * 16),
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    buffers.push(params);
    device.queue.writeBuffer(
      params,
      0,
      encodeParams(
        launch.kernel.params.map((param) => param.type),
        launch.params,
      ),
    );
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: params } }];
    args.forEach((arg, index) => {
      entries.push({
        binding: index + 1,
        resource: rangeOf(arg, places, inputs.length, request.outputs.length),
      });
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(...launch.workgroups);
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error) throw new Error(`${candidate.key}: ${error.message}`);

  const results: (HostTensor | null)[] = [];
  for (const [index, type] of request.outputs.entries()) {
    const place = places.get(inputs.length + index);
    results.push(request.used[index] && place ? await readBack(device, place, type) : null);
  }
  for (const buffer of buffers) buffer.destroy();
  return results;
}

function typeAt(types: readonly TensorType[], index: number | undefined): TensorType {
  const type = index === undefined ? undefined : types[index];
  if (!type) throw new RangeError(`no tensor ${index}`);
  return type;
}

/** Tensor numbers: inputs, then outputs, then scratch. */
function tensorsOf(arg: Exclude<Arg, { kind: 'group' }>, inputs: number, outputs: number): number[] {
  switch (arg.kind) {
    case 'input':
      return [arg.index];
    case 'output':
      return [inputs + arg.index];
    case 'scratch':
      return [inputs + outputs + arg.index];
    case 'inout':
      return [arg.input, inputs + arg.output];
  }
}

/** Buffers as lists of slots, a slot as the tensors that share it (an `inout`'s input and output). */
function mergeSlots(
  count: number,
  dispatches: readonly { readonly args: readonly Arg[] }[],
  inputs: number,
  outputs: number,
): number[][][] {
  const buffers: number[][][] = [];
  const seen = new Set<number>();
  const args = dispatches.flatMap((dispatch) => dispatch.args);
  const add = (slots: number[][]): void => {
    if (slots.flat().some((member) => seen.has(member))) return;
    for (const member of slots.flat()) seen.add(member);
    buffers.push(slots);
  };
  for (const arg of args)
    if (arg.kind === 'group') add(arg.members.map((member) => tensorsOf(member, inputs, outputs)));
  for (const arg of args) if (arg.kind === 'inout') add([tensorsOf(arg, inputs, outputs)]);
  for (let tensor = 0; tensor < count; tensor++) add([[tensor]]);
  return buffers;
}

function rangeOf(
  arg: Arg,
  places: ReadonlyMap<number, Place>,
  inputs: number,
  outputs: number,
): GPUBufferBinding {
  const members = (arg.kind === 'group' ? arg.members : [arg]).map((member) => {
    const place = places.get(tensorsOf(member, inputs, outputs)[0] as number);
    if (!place) throw new RangeError('an argument has no place');
    return place;
  });
  const first = members[0] as Place;
  const last = members.at(-1) as Place;
  const end = last.offset + (arg.kind === 'group' ? alignUp(last.bytes) : last.bytes);
  return { buffer: first.buffer, offset: first.offset, size: end - first.offset };
}

/** Compiles the kernels of `candidates` side by side: nearly all the time of these tests goes into that. */
export async function prepareCandidates(device: GPUDevice, candidates: readonly Candidate[]): Promise<void> {
  const kernels = candidates.flatMap((candidate) =>
    candidate.lower().dispatches.map(({ launch }) => launch.kernel),
  );
  await Promise.all(kernels.map((kernel) => pipelineFor(device, kernel)));
}

const pipelines = new WeakMap<GPUDevice, Map<string, Promise<GPUComputePipeline>>>();

function pipelineFor(device: GPUDevice, kernel: Kernel): Promise<GPUComputePipeline> {
  const cache = pipelines.get(device) ?? new Map<string, Promise<GPUComputePipeline>>();
  pipelines.set(device, cache);
  const pipeline = cache.get(kernel.key) ?? createPipeline(device, kernel);
  cache.set(kernel.key, pipeline);
  return pipeline;
}

async function createPipeline(device: GPUDevice, kernel: Kernel): Promise<GPUComputePipeline> {
  const module = device.createShaderModule({ label: kernel.entryPoint, code: kernel.code });
  const { messages } = await module.getCompilationInfo();
  if (messages.length > 0) {
    const lines = messages.map(
      ({ lineNum, message }) => `${lineNum}: ${message}\n    ${kernel.code.split('\n')[lineNum - 1]}`,
    );
    throw new Error(`${kernel.key}\n${lines.join('\n')}`);
  }
  const entries: GPUBindGroupLayoutEntry[] = kernel.bindings.map(({ access }, index) => ({
    binding: index + 1,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
  }));
  entries.unshift({ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } });
  const layout = device.createPipelineLayout({
    bindGroupLayouts: [device.createBindGroupLayout({ entries })],
  });
  return device.createComputePipelineAsync({ layout, compute: { module, entryPoint: kernel.entryPoint } });
}

function encodeParams(types: readonly ParamType[], values: readonly number[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(Math.max(16, types.length * 4)));
  types.forEach((type, index) => {
    const value = values[index] ?? Number.NaN;
    if (type === 'f32') view.setFloat32(index * 4, value, true);
    else if (type === 'i32') view.setInt32(index * 4, value, true);
    else view.setUint32(index * 4, value, true);
  });
  return view.buffer;
}

/** Host data as the device stores it, a whole number of words. */
function packed({ data, shape, dtype }: HostTensor): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(deviceBytes(shape, dtype));
  if (dtype === 'float32') new Float32Array(bytes).set(data);
  else if (dtype === 'int32') new Int32Array(bytes).set(data);
  else if (dtype === 'uint8') new Uint8Array(bytes).set(data);
  else new Uint32Array(bytes).set(data);
  return new Uint8Array(bytes);
}

async function readBack(device: GPUDevice, place: Place, { shape, dtype }: TensorType): Promise<HostTensor> {
  const staging = device.createBuffer({
    size: place.bytes,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(place.buffer, place.offset, staging, 0, place.bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  const data: HostArray = hostArray(dtype, sizeOf(shape));
  if (dtype === 'float32') data.set(new Float32Array(bytes));
  else if (dtype === 'int32') data.set(new Int32Array(bytes));
  else if (dtype === 'uint8') data.set(new Uint8Array(bytes, 0, data.length));
  else data.set(new Uint32Array(bytes));
  return { shape, dtype, data };
}
