/**
 * Runs a plan on the host over real bytes: each step reads its inputs from where the plan has put them, evaluates the op's
 * reference, and writes its outputs. What a dispatch may write besides (scratch) is filled with garbage, as are the arenas before
 * the run, so that two live tensors in one place, or a read before its write, show in the numbers.
 */

import { deviceBytes, type HostArray, hostArray } from '../../src/core/dtype.js';
import { sizeOf } from '../../src/core/shape.js';
import type { HostTensor, Node, VariableArena } from '../../src/ir/graph.js';
import type { BufferRef, Location, PlacedTensor, Plan } from '../../src/ir/plan.js';
import { decompositionOf } from '../../src/reference/decomposition.js';
import { evaluateValues } from '../../src/reference/evaluate.js';

/** The memory of one program; variable arenas may be shared between programs. */
export interface HostMemory {
  readonly arenas: readonly ArrayBuffer[];
  readonly inputs: ArrayBuffer;
  readonly constants: ArrayBuffer;
  readonly variables: Map<VariableArena, ArrayBuffer>;
}

const GARBAGE = 0xff; // NaN as float32

export function hostMemory(plan: Plan, variables = new Map<VariableArena, ArrayBuffer>()): HostMemory {
  const garbage = (bytes: number): ArrayBuffer => new Uint8Array(bytes).fill(GARBAGE).buffer;
  for (const arena of plan.variableArenas) {
    if (!variables.has(arena)) variables.set(arena, garbage(arena.bytes()));
  }
  const constants = garbage(plan.constantBytes);
  for (const { data, location } of plan.constants) {
    new Uint8Array(constants).set(new Uint8Array(data), location.offset);
  }
  return { arenas: plan.arenas.map(garbage), inputs: garbage(plan.inputBytes), constants, variables };
}

/** Runs all steps. */
export function interpret(plan: Plan, memory: HostMemory): void {
  for (const step of plan.steps) {
    const inputs = step.inputs.map((tensor) => readTensor(memory, tensor));
    const outputs = step.node.outputs.map(({ shape, dtype }) => ({
      shape,
      dtype,
      data: hostArray(dtype, sizeOf(shape)),
    }));
    evaluateNode(step.node, inputs, outputs);
    for (const { kernel, bindings } of step.dispatches) {
      kernel.bindings.forEach(({ access }, index) => {
        const location = bindings[index];
        if (location && access !== 'read') bytesAt(memory, location).fill(GARBAGE);
      });
    }
    step.outputs.forEach((tensor, index) => {
      const output = outputs[index];
      if (tensor && output) writeTensor(memory, tensor, output.data);
    });
  }
}

export function readTensor(memory: HostMemory, { type, location }: PlacedTensor): HostTensor {
  const data = hostArray(type.dtype, sizeOf(type.shape));
  if (location.bytes > 0) data.set(deviceView(memory, { type, location }).subarray(0, data.length));
  return { ...type, data };
}

export function writeTensor(memory: HostMemory, tensor: PlacedTensor, data: HostArray): void {
  if (tensor.location.bytes > 0) deviceView(memory, tensor).set(data);
}

function evaluateNode(node: Node, inputs: readonly HostTensor[], outputs: readonly HostTensor[]): void {
  if (node.op.reference) {
    node.op.reference(inputs, outputs, node.attrs);
    return;
  }
  const { placeholders, results } = decompositionOf(node);
  const feeds = new Map(
    placeholders.map(({ node: leaf }, index) => [leaf, (inputs[index] as HostTensor).data]),
  );
  evaluateValues(results, feeds).forEach(({ data }, index) => {
    outputs[index]?.data.set(data);
  });
}

/** The words of a tensor as the device types them. */
function deviceView(memory: HostMemory, { type, location }: PlacedTensor): HostArray {
  if (deviceBytes(type.shape, type.dtype) !== location.bytes) {
    throw new Error(`${type.dtype} [${type.shape.join()}] lies in ${location.bytes} bytes`);
  }
  const { buffer, byteOffset, byteLength } = bytesAt(memory, location);
  switch (type.dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'int32':
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    case 'uint32':
    case 'bool':
      return new Uint32Array(buffer, byteOffset, byteLength / 4);
    case 'uint8':
      return new Uint8Array(buffer, byteOffset, byteLength);
  }
}

function bytesAt(memory: HostMemory, { buffer, offset, bytes }: Location): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bufferOf(memory, buffer), offset, bytes);
}

function bufferOf(memory: HostMemory, buffer: BufferRef): ArrayBuffer {
  const found =
    buffer.kind === 'arena'
      ? memory.arenas[buffer.index]
      : buffer.kind === 'variables'
        ? memory.variables.get(buffer.arena)
        : memory[buffer.kind];
  if (!found) throw new Error(`the plan refers to a buffer that it does not list: ${buffer.kind}`);
  return found;
}
