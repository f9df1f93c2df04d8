/** Scheduled steps and their memory, written down as the plan that a runtime encodes. */

import type { DType } from '../core/dtype.js';
import { deviceBytes } from '../core/dtype.js';
import type { ConstantAttrs } from '../ir/leaves.js';
import type { Location, PlacedTensor, Plan, PlanStep } from '../ir/plan.js';
import { locate, type MemoryPlan } from './memory.js';
import type { NamedOperand, Operand, ScheduledProgram, Step } from './program.js';

export function assemble(program: ScheduledProgram, memory: MemoryPlan): Plan {
  const place = ({ value, slot }: Operand): PlacedTensor => {
    const location = memory.places.get(slot);
    if (!location) throw new Error(`compiler: ${slot.label} has no place`);
    return { type: { shape: value.shape, dtype: value.dtype }, location };
  };
  const named = (operand: NamedOperand) => ({ name: operand.name, ...place(operand) });
  return {
    name: program.name,
    steps: program.steps.map((step) => planStep(step, place, memory.places)),
    arenas: memory.arenas,
    inputs: program.inputs.map(named),
    inputBytes: memory.inputBytes,
    outputs: program.outputs.map(named),
    constants: memory.constants.map((operand) => ({ ...place(operand), data: constantData(operand) })),
    constantBytes: memory.constantBytes,
    variableArenas: memory.variableArenas,
    peakBytes: memory.arenas.reduce((sum, bytes) => sum + bytes, 0),
    lowerBoundBytes: memory.lowerBoundBytes,
  };
}

function planStep(
  step: Step,
  place: (operand: Operand) => PlacedTensor,
  places: ReadonlyMap<Operand['slot'], Location>,
): PlanStep {
  return {
    node: step.node,
    label: step.label,
    variant: step.variant,
    dispatches: step.dispatches.map(({ launch, args }) => ({
      kernel: launch.kernel,
      workgroups: launch.workgroups,
      params: launch.params,
      bindings: args.map((arg) => locate(step, arg, places)),
    })),
    inputs: step.inputs.map(place),
    outputs: step.outputs.map((output) => output && place(output)),
  };
}

function constantData({ value, slot }: Operand): ArrayBuffer {
  if (slot.home.kind !== 'constant') throw new Error(`compiler: ${slot.label} is no constant`);
  return deviceData(slot.home.content, deviceBytes(value.shape, value.dtype));
}

/** The bytes as the device stores them: bool as words, uint8 packed, floats in single precision. */
function deviceData({ data, dtype }: ConstantAttrs, bytes: number): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes);
  STORAGE[dtype](buffer).set(data);
  return buffer;
}

const STORAGE: Readonly<Record<DType, (buffer: ArrayBuffer) => { set(data: ArrayLike<number>): void }>> = {
  float32: (buffer) => new Float32Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  uint32: (buffer) => new Uint32Array(buffer),
  bool: (buffer) => new Uint32Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
};
