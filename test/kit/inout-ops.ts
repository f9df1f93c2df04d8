/** Ops that overwrite their inputs, with kernels of which only the declaration matters: for tests of schedule and memory. */

import { apply, applyOne, type Value } from '../../src/ir/graph.js';
import { type Arg, inputArg, type OpDef, outputArg } from '../../src/ir/op.js';
import type { Access, Kernel } from '../../src/kernels/kernel.js';

const kernel = (name: string, access: readonly Access[]): Kernel => ({
  key: name,
  entryPoint: name,
  code: '',
  bindings: access.map((one, index) => ({ name: `b${index}`, access: one })),
  params: [],
});

const addInto = (
  outputs: readonly { data: ArrayLike<number> & { [at: number]: number } }[],
  inputs: readonly { data: ArrayLike<number> }[],
) =>
  outputs.forEach((output, which) => {
    const target = inputs[which];
    const source = inputs[which + outputs.length];
    for (let i = 0; i < output.data.length; i++) {
      output.data[i] = (target?.data[i] ?? 0) + (source?.data[i] ?? 0);
    }
  });

/** y = x + dx, in the place of x. */
const accumulateOp: OpDef = {
  name: 'accumulate',
  infer: ([x]) => (x ? [x] : []),
  reference: (inputs, outputs) => addInto(outputs, inputs),
  candidates: () => [
    {
      key: 'accumulate',
      lower: () => ({
        scratch: [],
        dispatches: [
          {
            launch: { kernel: kernel('accumulate', ['inout', 'read']), workgroups: [1, 1, 1], params: [] },
            args: [{ kind: 'inout', input: 0, output: 0 }, inputArg(1)],
          },
        ],
      }),
    },
  ],
};

/** yᵢ = xᵢ + dxᵢ for n tensors, each list as one range; also the sum of nothing at all in a scratch tensor. */
const accumulateAllOp: OpDef<{ readonly count: number }> = {
  name: 'accumulateAll',
  infer: (inputs, { count }) => inputs.slice(0, count),
  reference: (inputs, outputs) => addInto(outputs, inputs),
  candidates: ({ attrs: { count } }) => [
    {
      key: 'accumulate_all',
      lower: () => {
        const indices = Array.from({ length: count }, (_, index) => index);
        const targets: Arg = {
          kind: 'group',
          members: indices.map((index) => ({ kind: 'inout', input: index, output: index })),
        };
        const sources: Arg = {
          kind: 'group',
          members: indices.map((index) => ({ kind: 'input', index: index + count })),
        };
        return {
          scratch: [],
          dispatches: [
            {
              launch: {
                kernel: kernel('accumulate_all', ['inout', 'read']),
                workgroups: [1, 1, 1],
                params: [],
              },
              args: [targets, sources],
            },
          ],
        };
      },
    },
  ],
};

/** y = x + dx by way of a scratch tensor: two dispatches. */
const detourOp: OpDef = {
  name: 'detour',
  infer: ([x]) => (x ? [x] : []),
  reference: (inputs, outputs) => addInto(outputs, inputs),
  candidates: ({ inputs: [x] }) => [
    {
      key: 'detour',
      lower: () => ({
        scratch: x ? [x] : [],
        dispatches: [
          {
            launch: { kernel: kernel('detour_a', ['read', 'write']), workgroups: [1, 1, 1], params: [] },
            args: [inputArg(0), { kind: 'scratch', index: 0 }],
          },
          {
            launch: {
              kernel: kernel('detour_b', ['read', 'read', 'write']),
              workgroups: [1, 1, 1],
              params: [],
            },
            args: [{ kind: 'scratch', index: 0 }, inputArg(1), outputArg(0)],
          },
        ],
      }),
    },
  ],
};

export const accumulate = (x: Value, dx: Value): Value => applyOne(accumulateOp, [x, dx], {});
export const detour = (x: Value, dx: Value): Value => applyOne(detourOp, [x, dx], {});
export const accumulateAll = (xs: readonly Value[], dxs: readonly Value[]): readonly Value[] =>
  apply(accumulateAllOp, [...xs, ...dxs], { count: xs.length });
