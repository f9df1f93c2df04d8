/**
 * A plan with its objects on the device: every buffer, parameter and bind group that its runs will ever need, in flat arrays,
 * so that encoding a dispatch is three array reads and at most three calls.
 */

import { HeddleError } from '../core/errors.js';
import type { VariableArena } from '../ir/graph.js';
import type { BufferRef, Plan, PlannedDispatch } from '../ir/plan.js';
import type { GpuContext } from './context.js';
import { encodeParams } from './encoding.js';
import { BUFFER_USAGE, TENSOR_USAGE } from './usage.js';

/** Uniform offsets are multiples of this on every device. */
const PARAM_ALIGNMENT = 256;

export interface Program {
  /** One per dispatch, in order, as are the next two. */
  readonly pipelines: readonly GPUComputePipeline[];
  readonly groups: readonly GPUBindGroup[];
  /** Three per dispatch: x, y, z. */
  readonly workgroups: Uint32Array;
  /** The first dispatch of each step, and at last the number of dispatches. */
  readonly firstOfStep: readonly number[];
  /** Where a plan's reference to a buffer leads. */
  buffer(ref: BufferRef): GPUBuffer;
  /** Buffers that belong to the program, to be destroyed with it. */
  readonly owned: readonly GPUBuffer[];
}

/**
 * Creates the program's objects; the plan's kernels are prepared already. Throws a `HeddleError`, with nothing left behind,
 * where the plan does not fit the device or memory runs out.
 */
export async function createProgram(
  context: GpuContext,
  plan: Plan,
  variables: (arena: VariableArena) => GPUBuffer,
): Promise<Program> {
  const dispatches = plan.steps.flatMap((step) => step.dispatches);
  for (const dispatch of dispatches) assertFits(context, dispatch);
  const owned: GPUBuffer[] = [];
  const values = {
    plan: plan.name,
    arenas: plan.arenas,
    inputs: plan.inputBytes,
    constants: plan.constantBytes,
  };
  const verdicts: Promise<HeddleError | null>[] = [];
  const make = (label: string, bytes: number, usage: number = TENSOR_USAGE): GPUBuffer => {
    const { value, error } = context.buffers.createScoped({
      label: `heddle ${plan.name} ${label}`,
      bytes,
      usage,
    });
    owned.push(value);
    verdicts.push(error);
    return value;
  };
  try {
    const arenas = plan.arenas.map((bytes, index) => make(`arena ${index}`, bytes));
    const inputs = make('inputs', plan.inputBytes);
    const constants = make('constants', plan.constantBytes);
    const { offsets, block } = layOutParams(dispatches);
    const params = make('params', block.length, BUFFER_USAGE.uniform | BUFFER_USAGE.copyTarget);
    const buffer = (ref: BufferRef): GPUBuffer => {
      if (ref.kind === 'variables') return variables(ref.arena);
      if (ref.kind === 'inputs') return inputs;
      if (ref.kind === 'constants') return constants;
      const arena = arenas[ref.index];
      if (arena) return arena;
      throw new HeddleError({
        op: plan.name,
        message: `the plan has no arena ${ref.index}`,
        values: { ref },
      });
    };
    const bound = context.health.scoped(plan.name, values, () => {
      if (block.length > 0) context.ops.write(params, 0, block);
      for (const { location, data } of plan.constants) {
        if (data.byteLength > 0) context.ops.write(constants, location.offset, padded(data));
      }
      return createGroups(context, dispatches, params, offsets, buffer);
    });
    verdicts.push(bound.error);
    const faults = await context.health.guard(Promise.all(verdicts));
    for (const fault of faults) if (fault) throw fault;
    const firstOfStep = [0];
    for (const step of plan.steps) firstOfStep.push((firstOfStep.at(-1) ?? 0) + step.dispatches.length);
    return {
      pipelines: dispatches.map(({ kernel }) => context.pipeline(kernel)),
      groups: bound.value,
      workgroups: Uint32Array.from(dispatches.flatMap(({ workgroups }) => workgroups)),
      firstOfStep,
      buffer,
      owned,
    };
  } catch (error) {
    for (const buffer of owned) context.buffers.destroy(buffer);
    throw error;
  }
}

/** All parameters in one block, each dispatch's at a bindable offset; equal ones share theirs. */
export function layOutParams(dispatches: readonly PlannedDispatch[]): {
  readonly offsets: readonly number[];
  readonly block: Uint8Array;
} {
  const slots = new Map<string, number>();
  const parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  const offsets = dispatches.map(({ kernel, params }) => {
    const bytes = encodeParams(kernel, params);
    const key = bytes.join();
    const known = slots.get(key);
    if (known !== undefined) return known;
    const offset = Math.ceil(end / PARAM_ALIGNMENT) * PARAM_ALIGNMENT;
    slots.set(key, offset);
    parts.push({ offset, bytes });
    end = offset + bytes.length;
    return offset;
  });
  const block = new Uint8Array(end);
  for (const { offset, bytes } of parts) block.set(bytes, offset);
  return { offsets, block };
}

/** One bind group per dispatch; dispatches that bind the same ranges in the same layout share theirs. */
function createGroups(
  context: GpuContext,
  dispatches: readonly PlannedDispatch[],
  params: GPUBuffer,
  paramOffsets: readonly number[],
  bufferOf: (ref: BufferRef) => GPUBuffer,
): GPUBindGroup[] {
  const numbers = new Map<GPUBuffer | GPUBindGroupLayout, number>();
  const numberOf = (object: GPUBuffer | GPUBindGroupLayout): number => {
    const number = numbers.get(object) ?? numbers.size;
    numbers.set(object, number);
    return number;
  };
  const groups = new Map<string, GPUBindGroup>();
  return dispatches.map(({ kernel, bindings }, index) => {
    const layout = context.bindGroupLayout(kernel);
    const resources: GPUBufferBinding[] = [
      { buffer: params, offset: paramOffsets[index] ?? 0, size: paramBytes(kernel.params.length) },
    ];
    for (const { buffer, offset, bytes } of bindings) {
      resources.push({ buffer: bufferOf(buffer), offset, size: bytes });
    }
    const parts = resources.map(({ buffer, offset, size }) => `${numberOf(buffer)}:${offset}:${size}`);
    const key = `${numberOf(layout)}|${parts.join()}`;
    const known = groups.get(key);
    if (known) return known;
    const group = context.ops.createBindGroup({
      label: `heddle ${kernel.entryPoint}`,
      layout,
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    groups.set(key, group);
    return group;
  });
}

const paramBytes = (count: number): number => Math.max(16, Math.ceil(count / 4) * 16);

function padded(data: ArrayBuffer): ArrayBufferView {
  if (data.byteLength % 4 === 0) return new Uint8Array(data);
  const whole = new Uint8Array(Math.ceil(data.byteLength / 4) * 4);
  whole.set(new Uint8Array(data));
  return whole;
}

/** What WebGPU would refuse with its own words, said with the kernel's and the device's numbers. */
function assertFits({ capabilities }: GpuContext, { kernel, workgroups, bindings }: PlannedDispatch): void {
  const most = capabilities.maxComputeWorkgroupsPerDimension;
  const fail = (message: string, values: Record<string, unknown>, fix: string): never => {
    throw new HeddleError({ op: kernel.entryPoint, message, roles: ['dispatch'], values, fix });
  };
  if (bindings.length !== kernel.bindings.length) {
    fail(
      `${bindings.length} tensors for a kernel with ${kernel.bindings.length} bindings`,
      { given: bindings.length, declared: kernel.bindings.map(({ name }) => name) },
      'give one tensor for each declared binding',
    );
  }
  if (workgroups.some((count) => !Number.isInteger(count) || count < 0 || count > most)) {
    fail(
      `${workgroups.join(' × ')} workgroups, where a dimension may have 0 to ${most}`,
      { workgroups, maxComputeWorkgroupsPerDimension: most },
      'fold workgroups into y and z (see foldWorkgroups)',
    );
  }
  if (bindings.length > capabilities.maxStorageBuffersPerShaderStage) {
    fail(
      `${bindings.length} tensors, this device binds ${capabilities.maxStorageBuffersPerShaderStage} at once`,
      {
        bindings: bindings.length,
        maxStorageBuffersPerShaderStage: capabilities.maxStorageBuffersPerShaderStage,
      },
      'split the kernel, or group its tensors into one range',
    );
  }
  bindings.forEach(({ bytes }, index) => {
    if (bytes > 0 && bytes <= capabilities.maxStorageBufferBindingSize) return;
    fail(
      `binding '${kernel.bindings[index]?.name}' has ${bytes} bytes, this device binds 4 to ${capabilities.maxStorageBufferBindingSize}`,
      { bytes, maxStorageBufferBindingSize: capabilities.maxStorageBufferBindingSize },
      bytes > 0 ? 'use a smaller batch, or split the tensor' : 'leave out dispatches over empty tensors',
    );
  });
}
