/** Plans written by hand, with kernels of a few lines, so that the runtime is tested without the compiler. */

import type { DType } from '../../src/core/dtype.js';
import { deviceBytes } from '../../src/core/dtype.js';
import type { VariableArena } from '../../src/ir/graph.js';
import { applyOne } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { BufferRef, PlacedTensor, Plan, PlannedDispatch, PlanStep } from '../../src/ir/plan.js';
import type { Access, Kernel, ParamDecl } from '../../src/kernels/kernel.js';
import { bindingsBlock, paramsBlock } from '../../src/kernels/specialise.js';

/** A kernel that runs `body` for each `i < params.n` (the first parameter), with bindings of `array<type>`. */
export function mapKernel(
  name: string,
  bindings: readonly (readonly [name: string, access: Access, type: string])[],
  body: string,
  params: readonly ParamDecl[] = [],
): Kernel {
  const declared = [{ name: 'n', type: 'u32' } as const, ...params];
  const decls = bindings.map(([binding, access]) => ({ name: binding, access }));
  const code = `${paramsBlock(declared)}
${bindingsBlock(
  decls,
  bindings.map(([, , type]) => `array<${type}>`),
)}
@compute @workgroup_size(64) fn ${name}(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.n) { return; }
  ${body}
}`;
  return { key: `${name}:${body}`, entryPoint: name, code, bindings: decls, params: declared };
}

export function placed(shape: readonly number[], dtype: DType, buffer: BufferRef, offset = 0): PlacedTensor {
  return { type: { shape, dtype }, location: { buffer, offset, bytes: deviceBytes(shape, dtype) } };
}

export const arenaRef = (index: number): BufferRef => ({ kind: 'arena', index });

export function dispatch(
  kernel: Kernel,
  n: number,
  tensors: readonly PlacedTensor[],
  params: readonly number[] = [],
): PlannedDispatch {
  const bindings = tensors.map(({ location }) => location);
  return { kernel, workgroups: [Math.ceil(n / 64), 1, 1], params: [n, ...params], bindings };
}

export function step(
  label: string,
  dispatches: readonly PlannedDispatch[],
  inputs: readonly PlacedTensor[] = [],
  outputs: readonly (PlacedTensor | null)[] = [],
): PlanStep {
  const { node } = applyOne(inputOp, [], { name: label, shape: [], dtype: 'float32' });
  return { node, label, variant: label, dispatches, inputs, outputs };
}

export function plan(parts: Partial<Plan> & Pick<Plan, 'name' | 'steps'>): Plan {
  const arenas = parts.arenas ?? [];
  return {
    arenas,
    inputs: [],
    inputBytes: 0,
    outputs: [],
    constants: [],
    constantBytes: 0,
    variableArenas: [],
    peakBytes: arenas.reduce((sum, bytes) => sum + bytes, 0),
    lowerBoundBytes: 0,
    ...parts,
  };
}

let arenaId = 0;
export function variableArena(label: string, bytes: number): VariableArena {
  return { id: arenaId++, label, bytes: () => bytes };
}

/** y = a·x + b in arena 0, then total += y·c in place in `arena`, and the output z = y² in arena 1. */
export function affinePlan(arena: VariableArena, n: number): Plan {
  const affine = mapKernel(
    'affine',
    [
      ['x', 'read', 'f32'],
      ['y', 'write', 'f32'],
    ],
    'y[i] = params.a * x[i] + f32(params.b);',
    [
      { name: 'a', type: 'f32' },
      { name: 'b', type: 'i32' },
    ],
  );
  const accumulate = mapKernel(
    'accumulate',
    [
      ['y', 'read', 'f32'],
      ['c', 'read', 'f32'],
      ['total', 'inout', 'f32'],
    ],
    'total[i] += y[i] * c[0];',
  );
  const square = mapKernel(
    'square',
    [
      ['y', 'read', 'f32'],
      ['z', 'write', 'f32'],
    ],
    'z[i] = y[i] * y[i];',
  );
  const x = placed([n], 'float32', { kind: 'inputs' });
  const y = placed([n], 'float32', arenaRef(0));
  const z = placed([n], 'float32', arenaRef(1));
  const c = placed([], 'float32', { kind: 'constants' });
  const total = placed([n], 'float32', { kind: 'variables', arena });
  return plan({
    name: 'affine',
    steps: [
      step('affine', [dispatch(affine, n, [x, y], [2, -3])], [x], [y]),
      step('accumulate', [dispatch(accumulate, n, [y, c, total])], [y, c, total], [total]),
      step('square', [dispatch(square, n, [y, z])], [y], [z, null]),
    ],
    arenas: [y.location.bytes, z.location.bytes],
    inputs: [{ name: 'x', ...x }],
    inputBytes: x.location.bytes,
    outputs: [
      { name: 'z', ...z },
      { name: 'total', ...total },
    ],
    constants: [{ ...c, data: Float32Array.of(0.5).buffer }],
    constantBytes: 4,
    variableArenas: [arena],
  });
}
