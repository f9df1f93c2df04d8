/** Graph → lowered steps: each node becomes the dispatches of one of its kernels, over memory that has no address yet. */

import { deviceBytes } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import { type Graph, type Node, rootsOf, topologicalOrder, type Value } from '../ir/graph.js';
import {
  type ConstantAttrs,
  constantOp,
  type InputAttrs,
  inputOp,
  type VariableAttrs,
  variableOp,
} from '../ir/leaves.js';
import type { LoweredDispatch } from '../ir/op.js';
import type { Capabilities } from '../kernels/kernel.js';
import { chooseCandidate, requestFor } from './candidates.js';
import {
  type Home,
  type LoweredProgram,
  membersOf,
  type Operand,
  type Slot,
  type Step,
  temporary,
} from './program.js';

/**
 * Lowers `graph`. Views share the memory of their input, empty tensors take no part, and leaves become slots with a home of
 * their own. Throws a `HeddleError` for an op without a kernel.
 */
export function lower(graph: Graph, name: string, capabilities: Capabilities): LoweredProgram {
  const order = topologicalOrder(rootsOf(graph));
  const wanted = new Set(rootsOf(graph));
  for (const node of order) for (const input of node.inputs) wanted.add(input);

  const slots = new Map<Value, Slot>();
  const variables = new Map<number, Slot>();
  const operand = (value: Value): Operand => {
    const slot = slots.get(value);
    if (!slot) throw new Error(`compiler: ${value.node.op.name} is read before it is lowered`);
    return { value, slot };
  };
  const steps: Step[] = [];
  for (const node of order) {
    const home = homeOf(node);
    const [output] = node.outputs;
    if (home && output) {
      const made = leafSlot(output, home);
      const slot = home.kind === 'variable' ? (variables.get(home.variable.id) ?? made) : made;
      if (home.kind === 'variable') variables.set(home.variable.id, slot);
      slots.set(output, slot);
    } else if (node.op.view && output && node.inputs[0]) {
      slots.set(output, operand(node.inputs[0]).slot);
    } else {
      for (const value of node.outputs) slots.set(value, temporary(value, labelOf(node)));
      const used = node.outputs.map((value) => wanted.has(value) && sizeOf(value.shape) > 0);
      if (!used.includes(true)) continue;
      const outputs = node.outputs.map((value, index) => (used[index] ? operand(value) : null));
      steps.push(lowerNode(node, node.inputs.map(operand), outputs, capabilities));
    }
  }
  for (const { value } of graph.inputs) {
    const home = homeOf(value.node);
    if (home && !slots.has(value)) slots.set(value, leafSlot(value, home));
  }
  return {
    name,
    steps,
    inputs: graph.inputs.map(({ name, value }) => ({ name, ...operand(value) })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, ...operand(value) })),
    updates: graph.updates.map(({ variable, value }) => ({ variable, value: operand(value) })),
  };
}

/** The step of one node over given memory. An output of `null` is one that nobody reads. */
export function lowerNode(
  node: Node,
  inputs: readonly Operand[],
  outputs: readonly (Operand | null)[],
  capabilities: Capabilities,
): Step {
  const label = labelOf(node);
  const used = outputs.map((output) => output !== null);
  const candidate = chooseCandidate(node.op, requestFor(node, used, capabilities), node.scope);
  const { scratch, dispatches } = candidate.lower();
  for (const dispatch of dispatches) checkDispatch(label, dispatch, capabilities);
  const written = outputsBoundBy(dispatches);
  return {
    node,
    label,
    variant: candidate.key,
    inputs,
    // A kernel may write an output that nobody reads: it needs memory all the same.
    outputs: node.outputs.map(
      (value, index) =>
        outputs[index] ?? (written.has(index) ? { value, slot: temporary(value, label) } : null),
    ),
    scratch: scratch.map((type) => ({
      bytes: deviceBytes(type.shape, type.dtype),
      label: `${label} scratch`,
      home: { kind: 'temporary' },
    })),
    dispatches,
  };
}

/** The layer and the op: `dense_1/matmul`. */
export const labelOf = (node: Node): string => (node.scope ? `${node.scope}/${node.op.name}` : node.op.name);

function homeOf(node: Node): Home | null {
  switch (node.op.name) {
    case inputOp.name:
      return { kind: 'input', name: (node.attrs as InputAttrs).name };
    case variableOp.name:
      return { kind: 'variable', variable: (node.attrs as VariableAttrs).variable };
    case constantOp.name:
      return { kind: 'constant', content: node.attrs as ConstantAttrs };
    default:
      return null;
  }
}

function leafSlot(value: Value, home: Home): Slot {
  const label =
    home.kind === 'input' ? home.name : home.kind === 'variable' ? home.variable.name : 'constant';
  return { bytes: deviceBytes(value.shape, value.dtype), label, home };
}

function outputsBoundBy(dispatches: readonly LoweredDispatch[]): ReadonlySet<number> {
  const bound = new Set<number>();
  for (const { args } of dispatches) {
    for (const arg of args.flatMap(membersOf)) {
      if (arg.kind === 'output') bound.add(arg.index);
      else if (arg.kind === 'inout') bound.add(arg.output);
    }
  }
  return bound;
}

function checkDispatch(label: string, { launch, args }: LoweredDispatch, capabilities: Capabilities): void {
  const { kernel, params } = launch;
  const limit = capabilities.maxStorageBuffersPerShaderStage;
  const fault =
    args.length !== kernel.bindings.length
      ? `it declares ${kernel.bindings.length} bindings and gets ${args.length}`
      : params.length !== kernel.params.length
        ? `it declares ${kernel.params.length} parameters and gets ${params.length}`
        : args.length > limit
          ? `it binds ${args.length} tensors, this device allows ${limit}`
          : launch.workgroups.some((count) => count > capabilities.maxComputeWorkgroupsPerDimension)
            ? `it asks for ${launch.workgroups.join(' × ')} workgroups, this device allows ${capabilities.maxComputeWorkgroupsPerDimension} in each dimension`
            : null;
  if (!fault) return;
  throw new HeddleError({
    op: label,
    message: `kernel ${kernel.entryPoint} cannot run: ${fault}`,
    roles: ['kernel'],
    values: { kernel: kernel.key, bindings: kernel.bindings.length, args: args.length, limit },
    fix: 'split the kernel, or work on smaller tensors',
  });
}
