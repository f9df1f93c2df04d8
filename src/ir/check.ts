/**
 * Verifiers of the IR: what must hold of any graph and any plan, whichever passes made them. They share no code with the
 * compiler, so that an error there cannot hide here. Both return what is wrong in words; an empty list means nothing is.
 */

import { deviceBytes } from '../core/dtype.js';
import { sameShape, showShape } from '../core/shape.js';
import { type Graph, rootsOf, topologicalOrder, type Value } from './graph.js';
import { isVariable, type VariableAttrs } from './leaves.js';
import type { BufferRef, Location, Plan, PlanStep } from './plan.js';

/** Nodes give what their op infers, ids sort topologically, updates fit their variables, each variable is updated once. */
export function checkGraph(graph: Graph): string[] {
  const faults: string[] = [];
  for (const { id, op, inputs, attrs, outputs } of topologicalOrder(rootsOf(graph))) {
    for (const input of inputs) {
      if (input.node.id >= id) faults.push(`${op.name} ${id} reads node ${input.node.id}, which is younger`);
    }
    const types = op.infer(inputs, attrs);
    outputs.forEach(({ shape, dtype }, index) => {
      const type = types[index];
      if (type && sameShape(type.shape, shape) && type.dtype === dtype) return;
      faults.push(
        `output ${index} of ${op.name} ${id} is ${dtype} ${showShape(shape)}, its op infers otherwise`,
      );
    });
  }
  const updated = new Set<number>();
  for (const { variable, value } of graph.updates) {
    if (updated.has(variable.id)) faults.push(`variable ${variable.name} is updated twice`);
    updated.add(variable.id);
    if (sameShape(variable.shape, value.shape) && variable.dtype === value.dtype) continue;
    faults.push(
      `variable ${variable.name} is ${variable.dtype} ${showShape(variable.shape)}, ` +
        `its update ${value.dtype} ${showShape(value.shape)}`,
    );
  }
  return faults;
}

/**
 * Ranges lie inside their buffers at multiples of 256; no dispatch reads and writes one buffer, or writes a range twice; inputs
 * and constants are only read; whatever a step reads was last written as that very tensor.
 */
export function checkPlan(plan: Plan): string[] {
  const faults: string[] = [];
  const held = new HeldContents();
  for (const { name, location } of plan.inputs) faults.push(...outside(plan, `input ${name}`, location));
  plan.steps.forEach((step, index) => {
    const where = `step ${index} (${step.label})`;
    step.inputs.forEach(({ location }, at) => {
      const value = step.node.inputs[at];
      if (value && !held.holds(location, value)) {
        faults.push(`${where}: input ${at} is not what lies at ${show(location)} by then`);
      }
    });
    for (const fault of dispatchFaults(plan, step)) faults.push(`${where}: ${fault}`);
    for (const { kernel, bindings } of step.dispatches) {
      kernel.bindings.forEach(({ access }, at) => {
        const location = bindings[at];
        if (location && access !== 'read') held.clobber(location);
      });
    }
    step.outputs.forEach((output, at) => {
      const value = step.node.outputs[at];
      if (!output || !value) return;
      held.write(output.location, value);
      if (deviceBytes(output.type.shape, output.type.dtype) !== output.location.bytes) {
        faults.push(
          `${where}: output ${at} ${showShape(output.type.shape)} lies in ${output.location.bytes} bytes`,
        );
      }
    });
  });
  for (const { name, location } of plan.outputs) {
    if (!held.holds(location, null))
      faults.push(`output ${name} is overwritten before the end, or never written`);
  }
  const sum = plan.arenas.reduce((total, bytes) => total + bytes, 0);
  if (sum !== plan.peakBytes) faults.push(`arenas take ${sum} bytes, the plan says ${plan.peakBytes}`);
  if (plan.peakBytes < plan.lowerBoundBytes) faults.push('the peak lies below its lower bound');
  return faults;
}

function* dispatchFaults(plan: Plan, { dispatches }: PlanStep): Generator<string> {
  for (const { kernel, params, bindings } of dispatches) {
    const name = kernel.entryPoint;
    if (kernel.bindings.length !== bindings.length) yield `${name} gets ${bindings.length} bindings`;
    if (kernel.params.length !== params.length) yield `${name} gets ${params.length} parameters`;
    const reads: Location[] = [];
    const writes: Location[] = [];
    for (const [index, location] of bindings.entries()) {
      const access = kernel.bindings[index]?.access;
      yield* outside(plan, `binding ${index} of ${name}`, location);
      if (access === 'read') reads.push(location);
      else {
        const { kind } = location.buffer;
        if (kind === 'inputs' || kind === 'constants') yield `${name} writes to the ${kind}`;
        if (writes.some((other) => overlap(other, location))) yield `${name} writes ${show(location)} twice`;
        writes.push(location);
      }
    }
    for (const write of writes) {
      const clash = reads.find((read) => bufferKey(read.buffer) === bufferKey(write.buffer));
      if (clash) yield `${name} reads and writes ${show(write)}`;
    }
  }
}

function* outside(plan: Plan, role: string, { buffer, offset, bytes }: Location): Generator<string> {
  const size = sizeOfBuffer(plan, buffer);
  if (offset % 256 !== 0) yield `${role} starts at ${offset}, which is no multiple of 256`;
  if (bytes % 4 !== 0) yield `${role} takes ${bytes} bytes, which is no multiple of 4`;
  if (offset + bytes > size) yield `${role} ends at ${offset + bytes} of ${size} bytes`;
}

/** What a value holds: views and copies hold their input's content, readings of one variable its old value. */
function contentOf(value: Value): unknown {
  let at = value;
  for (
    let [input] = at.node.inputs;
    input && (at.node.op.view || at.node.op.name === 'copy');
    [input] = at.node.inputs
  ) {
    at = input;
  }
  return isVariable(at) ? `variable ${(at.node.attrs as VariableAttrs).variable.id}` : at;
}

/** Which content lies whole in which range at this moment. */
class HeldContents {
  readonly #ranges = new Map<string, Map<number, { readonly bytes: number; readonly content: unknown }>>();

  /** Whether `location` holds `value`, or any tensor where that is `null`. */
  holds(location: Location, value: Value | null): boolean {
    const { buffer, offset, bytes } = location;
    if (bytes === 0 || buffer.kind === 'inputs' || buffer.kind === 'constants') return true;
    const found = this.#of(buffer).get(offset);
    if (found)
      return (
        found.bytes === bytes &&
        found.content !== undefined &&
        (value === null || found.content === contentOf(value))
      );
    // A variable holds its value from before the run until something is written there.
    return buffer.kind === 'variables' && (value === null || typeof contentOf(value) === 'string');
  }

  clobber(location: Location): void {
    this.#put(location, undefined);
  }

  write(location: Location, value: Value): void {
    this.#put(location, contentOf(value));
  }

  #put({ buffer, offset, bytes }: Location, content: unknown): void {
    const ranges = this.#of(buffer);
    for (const [start, held] of ranges) {
      if (start < offset + bytes && offset < start + held.bytes)
        ranges.set(start, { bytes: held.bytes, content: undefined });
    }
    ranges.set(offset, { bytes, content });
  }

  #of(buffer: BufferRef): Map<number, { readonly bytes: number; readonly content: unknown }> {
    const key = bufferKey(buffer);
    const ranges = this.#ranges.get(key) ?? new Map();
    this.#ranges.set(key, ranges);
    return ranges;
  }
}

function sizeOfBuffer(plan: Plan, buffer: BufferRef): number {
  switch (buffer.kind) {
    case 'arena':
      return plan.arenas[buffer.index] ?? 0;
    case 'variables':
      return buffer.arena.bytes();
    case 'inputs':
      return plan.inputBytes;
    case 'constants':
      return plan.constantBytes;
  }
}

const overlap = (a: Location, b: Location): boolean =>
  bufferKey(a.buffer) === bufferKey(b.buffer) &&
  a.offset < b.offset + b.bytes &&
  b.offset < a.offset + a.bytes;

function bufferKey(buffer: BufferRef): string {
  if (buffer.kind === 'arena') return `arena ${buffer.index}`;
  return buffer.kind === 'variables' ? `variables ${buffer.arena.id}` : buffer.kind;
}

const show = ({ buffer, offset, bytes }: Location): string =>
  `${bufferKey(buffer)} +${offset} (${bytes} bytes)`;
