/** Random programs: whatever is fused, overwritten in place or moved, the plan gives the reference's numbers, run after run. */

import { describe, expect, it } from 'vitest';
import { type RandomStream, randomStream } from '../../src/core/random.js';
import { sizeOf } from '../../src/core/shape.js';
import { checkGraph, checkPlan } from '../../src/ir/check.js';
import type { Graph, Value } from '../../src/ir/graph.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { matmul } from '../../src/ops/matmul.js';
import { concat } from '../../src/ops/movement/concat.js';
import { transpose } from '../../src/ops/movement/transpose.js';
import {
  add,
  bernoulli,
  cast,
  greater,
  maximum,
  minimum,
  mul,
  neg,
  relu,
  select,
  sub,
} from '../../src/ops/pointwise/index.js';
import { argMax, max } from '../../src/ops/reduce.js';
import { broadcastTo, reshape, sum } from '../../src/ops/structural.js';
import { HostArena, type HostVariable, inputValue, runOnHost, someNumbers } from '../kit/host-program.js';
import { accumulate, accumulateAll, detour } from '../kit/inout-ops.js';

const SHAPES = [[4, 3], [3], [1, 3], [4, 1], [], [3, 4], [12]] as const;

/** Integers of one digit: every order of additions gives the same float32. */
const tame = (value: Value): Value => minimum(maximum(value, -8), 8);

class RandomGraph {
  readonly pool: Value[] = [];
  constructor(readonly random: RandomStream) {}

  pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  value(test: (value: Value) => boolean = () => true): Value {
    const fitting = this.pool.filter(test);
    // Young values more often: deep graphs.
    const young = fitting.slice(-6);
    return this.pick(this.random.uniform() < 0.6 ? young : fitting);
  }

  shaped(shape: readonly number[]): Value {
    const size = sizeOf(shape);
    return reshape(
      this.value((value) => sizeOf(value.shape) === size),
      shape,
    );
  }

  grow(step: number): void {
    const a = this.value();
    const like = (): Value => this.value((value) => value.shape.join() === a.shape.join());
    const broadcastable = (): Value => {
      const b = this.value((value) => value.shape.join() === a.shape.join() || value.shape.length === 0);
      return this.random.uniform() < 0.3 && a.shape.length === 2
        ? (this.shaped([a.shape[1] as number]) ?? b)
        : b;
    };
    const makers: readonly (() => Value)[] = [
      () => tame(add(a, broadcastable())),
      () => tame(sub(broadcastable(), a)),
      () => tame(mul(a, like())),
      () => relu(a),
      () => neg(a),
      () => select(greater(a, like()), a, 1),
      () => cast(greater(a, 0), 'float32'),
      () =>
        tame(
          sum(a, {
            axis: this.random.below(2) && a.shape.length > 0 ? -1 : null,
            keepDims: this.random.below(2) === 0,
          }),
        ),
      () => tame(sum(mul(a, a))),
      () => (a.shape.length > 0 ? max(a, { axis: -1 }) : a),
      () => (a.shape.length > 0 ? cast(argMax(a, { axis: -1 }), 'float32') : a),
      () => transpose(a),
      () => tame(add(matmul(this.shaped([4, 3]), this.shaped([3, 4])), this.shaped([]))),
      () => relu(tame(add(matmul(this.shaped([3, 4]), this.shaped([4, 3]), {}), this.shaped([3])))),
      () => reshape(a, [sizeOf(a.shape)]),
      () => broadcastTo(this.shaped([3]), [4, 3]),
      () => concat([this.shaped([3]), this.shaped([3]), this.shaped([3]), this.shaped([3])], { axis: 0 }),
      () => tame(mul(a, cast(bernoulli(a.shape, { probability: 0.5, stream: step }), 'float32'))),
      () => tame(accumulate(a, like())),
      () => tame(detour(a, like())),
      () => tame(this.pick(accumulateAll([a, like()], [like(), a]))),
    ];
    this.pool.push(this.pick(makers)());
  }
}

interface Program {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Float32Array>>;
  readonly variables: readonly HostVariable[];
}

function randomProgram(seed: number, size: number): Program {
  const random = randomStream(seed, 0);
  const building = new RandomGraph(random);
  const arenas = [new HostArena('a'), new HostArena('b')];
  const variables = SHAPES.flatMap((shape, index) =>
    [0, 1].map((copy) => {
      const arena = arenas[random.below(2)] as HostArena;
      return arena.variable(
        `v${index}${copy}`,
        shape,
        someNumbers(shape, seed + index + 10 * copy).map(Math.round),
      );
    }),
  );
  const inputs = SHAPES.map((shape, index) => ({ name: `x${index}`, value: inputValue(`x${index}`, shape) }));
  building.pool.push(...inputs.map(({ value }) => value), ...variables.map(({ value }) => value));
  for (let step = 0; step < size; step++) building.grow(step);

  const updates = variables
    .filter(() => random.uniform() < 0.7)
    .map((variable) => {
      const fitting = (value: Value): boolean => value.shape.join() === variable.shape.join();
      const inPlace = random.uniform() < 0.3;
      const value = building.value(fitting);
      if (!inPlace) return { variable, value };
      const once = accumulate(variable.value, value);
      return { variable, value: random.below(2) === 0 ? once : accumulate(once, building.value(fitting)) };
    });
  const outputs = Array.from({ length: 3 }, (_, index) => ({ name: `y${index}`, value: building.value() }));
  const feeds = Object.fromEntries(
    inputs.map(({ name, value }, index) => [
      name,
      someNumbers(value.shape, seed + 100 + index).map(Math.round),
    ]),
  );
  return { graph: { inputs, outputs, updates }, feeds, variables };
}

describe('random programs', () => {
  const few = { ...DEFAULT_CAPABILITIES, maxStorageBuffersPerShaderStage: 5 };
  for (let seed = 0; seed < (process.env.FULL ? 400 : 60); seed++) {
    it(`agree with the reference: ${seed}`, () => {
      const { graph, feeds, variables } = randomProgram(seed, 6 + (seed % 40));
      expect(checkGraph(graph)).toEqual([]);
      const capabilities = seed % 3 === 0 ? few : DEFAULT_CAPABILITIES;
      const { plan, got, want } = runOnHost(graph, feeds, variables, { times: 2, capabilities });
      expect(checkPlan(plan)).toEqual([]);
      expect(got).toEqual(want);
    });
  }
});
