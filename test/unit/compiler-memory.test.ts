/** Where tensors lie: in-place rules, groups, limits, and a verifier that sees planted faults. */

import { describe, expect, it } from 'vitest';
import { compileGraph } from '../../src/compiler/compile.js';
import { HeddleError } from '../../src/core/errors.js';
import { checkPlan } from '../../src/ir/check.js';
import type { Graph, Value } from '../../src/ir/graph.js';
import type { Location, Plan } from '../../src/ir/plan.js';
import { printGraph, printPlan } from '../../src/ir/print.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { exp, mul, transpose } from '../../src/ops/index.js';
import { HostArena, type HostVariable, inputValue, runOnHost, someNumbers } from '../kit/host-program.js';
import { accumulate, accumulateAll } from '../kit/inout-ops.js';

const compile = (graph: Partial<Graph>, capabilities = DEFAULT_CAPABILITIES): Plan =>
  compileGraph({ inputs: [], outputs: [], updates: [], ...graph }, { name: 'test', capabilities });

const pair = (arena: HostArena, shape: readonly number[] = [5]): [HostVariable, HostVariable] => [
  arena.variable('a', shape, someNumbers(shape, 1)),
  arena.variable('b', shape, someNumbers(shape, 2)),
];

const expectAgreement = (
  graph: Partial<Graph>,
  variables: readonly HostVariable[],
  dispatches: number,
): void => {
  const { plan, got, want } = runOnHost({ inputs: [], outputs: [], updates: [], ...graph }, {}, variables, {
    times: 2,
  });
  expect(checkPlan(plan)).toEqual([]);
  expect(got).toEqual(want);
  expect(plan.steps.flatMap((step) => step.dispatches)).toHaveLength(dispatches);
};

describe('in place', () => {
  it('overwrites a variable without a copy', () => {
    const [a] = pair(new HostArena());
    const [dx] = pair(new HostArena());
    expectAgreement({ updates: [{ variable: a, value: accumulate(a.value, dx.value) }] }, [a, dx], 1);
  });

  it('passes a variable through two kernels that overwrite it', () => {
    const [a] = pair(new HostArena());
    const [dx] = pair(new HostArena());
    const value = accumulate(accumulate(a.value, dx.value), dx.value);
    expectAgreement({ updates: [{ variable: a, value }] }, [a, dx], 2);
  });

  it('copies what the program still returns, or a variable that keeps its value', () => {
    const [a] = pair(new HostArena());
    const [dx] = pair(new HostArena());
    const once = accumulate(a.value, dx.value);
    const twice = accumulate(once, dx.value);
    const outputs = [{ name: 'once', value: once }];
    expectAgreement({ outputs, updates: [{ variable: a, value: twice }] }, [a, dx], 5);
    expectAgreement({ outputs }, [a, dx], 2);
  });

  it('copies an operand that lies in the buffer being written', () => {
    const [a, dx] = pair(new HostArena());
    expectAgreement({ updates: [{ variable: a, value: accumulate(a.value, dx.value) }] }, [a, dx], 2);
  });

  it('gives the old value to those who read it after the update', () => {
    const [a] = pair(new HostArena());
    const [dx] = pair(new HostArena());
    const value = accumulate(a.value, dx.value);
    const late = accumulate(exp(value), a.value);
    expectAgreement(
      { outputs: [{ name: 'late', value: late }], updates: [{ variable: a, value }] },
      [a, dx],
      4,
    );
  });
});

describe('groups', () => {
  const targets = (): HostVariable[] => pair(new HostArena());

  it('of variables stay where they are, of gradients lie together', () => {
    const [a, b] = targets() as [HostVariable, HostVariable];
    const grads = [exp(a.value), mul(b.value, 2)];
    const [nextA, nextB] = accumulateAll([a.value, b.value], grads) as [Value, Value];
    const updates = [
      { variable: a, value: nextA },
      { variable: b, value: nextB },
    ];
    expectAgreement({ updates }, [a, b], 3);
  });

  it('copy members that lie elsewhere, or twice, or that feed one another', () => {
    const [a, b] = targets() as [HostVariable, HostVariable];
    const [g] = pair(new HostArena());
    const made = mul(g.value, 2);
    const next = transpose(made);
    for (const [grads, dispatches] of [
      [[g.value, made], 3],
      [[made, made], 4],
      [[made, next], 5],
    ] as const) {
      const [nextA, nextB] = accumulateAll([a.value, b.value], grads) as [Value, Value];
      const updates = [
        { variable: a, value: nextA },
        { variable: b, value: nextB },
      ];
      expect(checkPlan(compile({ updates }))).toEqual([]);
      const run = runOnHost({ inputs: [], outputs: [], updates }, {}, [a, b, g], { times: 2 });
      expect(run.got).toEqual(run.want);
      expect(run.plan.steps.length).toBeLessThanOrEqual(dispatches);
    }
  });

  it('refuse variables that do not lie together', () => {
    const arena = new HostArena();
    const a = arena.variable('a', [3], someNumbers([3], 1));
    arena.variable('between', [3], someNumbers([3], 1));
    const b = arena.variable('b', [3], someNumbers([3], 2));
    const [nextA, nextB] = accumulateAll([a.value, b.value], [exp(a.value), exp(b.value)]) as [Value, Value];
    const updates = [
      { variable: a, value: nextA },
      { variable: b, value: nextB },
    ];
    expect(() => compile({ updates })).toThrow(/must lie one after the other/);
  });
});

describe('limits', () => {
  it('name the tensor that is larger than a binding', () => {
    const x = inputValue('x', [64, 64]);
    const graph = { inputs: [{ name: 'x', value: x }], outputs: [{ name: 'y', value: exp(x) }] };
    const small = { ...DEFAULT_CAPABILITIES, maxStorageBufferBindingSize: 8192 };
    expect(() => compile(graph, small)).toThrow(HeddleError);
    expect(() => compile(graph, small)).toThrow(/x \[64,64\] takes 16384 bytes, this device allows 8192/);
  });

  it('open another arena before one grows too large', () => {
    const x = inputValue('x', [64, 64]);
    const outputs = [1, 2, 3].map((factor) => ({ name: `y${factor}`, value: transpose(mul(x, factor)) }));
    const tight = { ...DEFAULT_CAPABILITIES, maxBufferSize: 40_000 };
    const plan = compile({ inputs: [{ name: 'x', value: x }], outputs }, tight);
    expect(checkPlan(plan)).toEqual([]);
    expect(Math.max(...plan.arenas)).toBeLessThanOrEqual(40_000);
  });
});

describe('the verifier', () => {
  const [a] = pair(new HostArena('weights'), [8, 8]);
  const graph: Graph = {
    inputs: [],
    outputs: [
      { name: 'y', value: transpose(exp(a.value)) },
      { name: 'z', value: transpose(transpose(mul(a.value, 3))) },
    ],
    updates: [{ variable: a, value: mul(a.value, 2) }],
  };
  const plan = compile(graph);

  /** The plan with the n-th step's places changed. */
  const damaged = (step: number, change: (at: Location) => Location): Plan => ({
    ...plan,
    steps: plan.steps.map((one, index) =>
      index !== step
        ? one
        : {
            ...one,
            inputs: one.inputs.map((input) => ({ ...input, location: change(input.location) })),
            dispatches: one.dispatches.map((dispatch) => ({
              ...dispatch,
              bindings: dispatch.bindings.map(change),
            })),
          },
    ),
  });

  it('finds nothing wrong with a good plan', () => {
    expect(checkPlan(plan)).toEqual([]);
  });

  it('sees ranges outside of their buffer, and off the grid', () => {
    expect(checkPlan(damaged(0, (at) => ({ ...at, offset: at.offset + 2 ** 20 }))).join()).toMatch(/ends at/);
    expect(checkPlan(damaged(0, (at) => ({ ...at, offset: at.offset + 4 }))).join()).toMatch(
      /no multiple of 256/,
    );
  });

  it('sees a dispatch that reads what it writes', () => {
    const one = plan.steps[0]?.dispatches[0]?.bindings[0] as Location;
    expect(checkPlan(damaged(0, () => one)).join()).toMatch(/reads and writes/);
  });

  it('sees a step that comes too early or too late', () => {
    const reversed = { ...plan, steps: [...plan.steps].reverse() };
    expect(checkPlan(reversed).join()).toMatch(/is not what lies at/);
    expect(checkPlan({ ...plan, steps: plan.steps.slice(0, 1) }).join()).toMatch(/never written/);
  });

  it('sees wrong totals', () => {
    expect(checkPlan({ ...plan, peakBytes: 1 }).join()).toMatch(/the plan says 1/);
  });
});

describe('printing', () => {
  it('shows graphs and plans as people read them', () => {
    const x = inputValue('x', [4, 4]);
    const graph: Graph = {
      inputs: [{ name: 'x', value: x }],
      outputs: [{ name: 'y', value: mul(exp(x), 2) }],
      updates: [],
    };
    expect(printGraph(graph)).toBe(
      ['%0 = exp(x) : float32[4,4]', '%1 = mul(%0, 2) : float32[4,4]', 'output y = %1'].join('\n'),
    );
    const text = printPlan(compile(graph));
    expect(text).toContain('exp+mul');
    expect(text).toContain('1 dispatches, 1 arenas [256], peak 256 bytes, lower bound 256 bytes (1.00 ×)');
  });
});
