/** From graph to plan, without a device: the plan interpreted over real bytes gives the reference's numbers. */

import { describe, expect, it } from 'vitest';
import { checkGraph, checkPlan } from '../../src/ir/check.js';
import type { Graph } from '../../src/ir/graph.js';
import { add, exp, mul, relu, sub } from '../../src/ops/pointwise/index.js';
import { reshape, sum } from '../../src/ops/structural.js';
import { HostArena, type HostRun, inputValue, runOnHost, someNumbers } from '../kit/host-program.js';

function expectAgreement({ plan, got, want }: HostRun): void {
  expect(checkPlan(plan)).toEqual([]);
  expect(got).toEqual(want);
}

const graphOf = (parts: Partial<Graph>): Graph => ({ inputs: [], outputs: [], updates: [], ...parts });

describe('a plan', () => {
  it('computes outputs through views, reductions and broadcasts', () => {
    const x = inputValue('x', [4, 3]);
    const y = reshape(relu(x), [2, 6]);
    const graph = graphOf({
      inputs: [{ name: 'x', value: x }],
      outputs: [
        { name: 'y', value: reshape(y, [12]) },
        { name: 'total', value: sum(add(y, 1)) },
        { name: 'x', value: x },
      ],
    });
    expect(checkGraph(graph)).toEqual([]);
    expectAgreement(runOnHost(graph, { x: someNumbers([4, 3], 1) }));
  });

  it('swaps two variables of one buffer, and of two', () => {
    for (const arenas of [1, 2]) {
      const first = new HostArena();
      const second = arenas === 1 ? first : new HostArena();
      const a = first.variable('a', [3], someNumbers([3], 1));
      const b = second.variable('b', [3], someNumbers([3], 2));
      const graph = graphOf({
        updates: [
          { variable: a, value: b.value },
          { variable: b, value: a.value },
        ],
      });
      expectAgreement(runOnHost(graph, {}, [a, b], { times: 3 }));
    }
  });

  it('reads all old values before it writes new ones', () => {
    const arena = new HostArena();
    const a = arena.variable('a', [5], someNumbers([5], 1));
    const b = arena.variable('b', [5], someNumbers([5], 2));
    const c = arena.variable('c', [5], someNumbers([5], 3));
    const graph = graphOf({
      outputs: [
        { name: 'old a', value: a.value },
        { name: 'new a', value: add(a.value, b.value) },
      ],
      updates: [
        { variable: a, value: add(a.value, b.value) },
        { variable: b, value: sub(a.value, b.value) },
        { variable: c, value: mul(sub(a.value, c.value), b.value) },
      ],
    });
    expectAgreement(runOnHost(graph, {}, [a, b, c], { times: 2 }));
  });

  it('gives one value to two variables, and inputs and constants to others', () => {
    const arena = new HostArena();
    const [a, b, c] = ['a', 'b', 'c'].map((name, index) =>
      arena.variable(name, [4], someNumbers([4], index)),
    );
    if (!a || !b || !c) throw new Error('three variables');
    const x = inputValue('x', [4]);
    const value = exp(a.value);
    const graph = graphOf({
      inputs: [{ name: 'x', value: x }],
      updates: [
        { variable: a, value },
        { variable: b, value },
        { variable: c, value: x },
      ],
    });
    expectAgreement(runOnHost(graph, { x: someNumbers([4], 9) }, [a, b, c]));
  });
});
