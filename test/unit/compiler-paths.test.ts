/** Paths between clusters, against a search of the whole graph. */

import { describe, expect, it } from 'vitest';
import { Paths } from '../../src/compiler/passes/fuse/paths.js';
import { randomStream } from '../../src/core/random.js';
import { applyOne, type Node, type Value } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import { add } from '../../src/ops/pointwise/index.js';

/** `count` nodes in an order in which inputs stand before users, most of whose inputs are near. */
function randomNodes(count: number, seed: number): Node[] {
  const { uniform, below } = randomStream(seed, 0);
  const values: Value[] = [0, 1, 2].map((index) =>
    applyOne(inputOp, [], { name: `x${index}`, shape: [], dtype: 'float32' }),
  );
  const pick = (): Value => {
    const reach = uniform() < 0.8 ? Math.min(5, values.length) : values.length;
    return values[values.length - 1 - below(reach)] as Value;
  };
  while (values.length < count) values.push(add(pick(), pick()));
  return values.map(({ node }) => node);
}

/** The same by definition. */
class Searched {
  readonly clusterOf: number[];
  /** [input, user] by position. */
  private readonly edges: readonly (readonly [number, number])[];

  constructor(order: readonly Node[]) {
    this.clusterOf = order.map((_, position) => position);
    this.edges = order.flatMap(({ inputs }, position) =>
      inputs.map(({ node }) => [order.indexOf(node), position] as const),
    );
  }

  merge(a: number, b: number): void {
    const [gone, kept] = [this.clusterOf[a], this.clusterOf[b] as number];
    this.clusterOf.forEach((cluster, position) => {
      if (cluster === gone) this.clusterOf[position] = kept;
    });
  }

  throughOthers(a: number, b: number): boolean {
    const [from, to] = [this.clusterOf[a] as number, this.clusterOf[b] as number];
    return this.leads(from, to) || this.leads(to, from);
  }

  private leads(from: number, to: number): boolean {
    const seen = new Set([from]);
    const stack = [from];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const next of this.after(at)) {
        if (next === to && at !== from) return true;
        if (next === to || seen.has(next)) continue;
        seen.add(next);
        stack.push(next);
      }
    }
    return false;
  }

  private after(cluster: number): number[] {
    return this.edges
      .filter(([input, user]) => this.clusterOf[input] === cluster && this.clusterOf[user] !== cluster)
      .map(([, user]) => this.clusterOf[user] as number);
  }
}

describe('paths between clusters', () => {
  it.each([1, 2, 3, 4, 5, 6])('are those of a search, whatever is merged: graph %i', (seed) => {
    const order = randomNodes(60, seed);
    const [paths, searched] = [new Paths(order), new Searched(order)];
    const { below } = randomStream(seed, 1);
    let merges = 0;
    let connected = 0;
    for (let round = 0; round < 240; round++) {
      // One that is asked of several in a row, as the passes do.
      const a = below(order.length);
      for (let others = 0; others < 4; others++) {
        const b = below(order.length);
        if (searched.clusterOf[a] === searched.clusterOf[b]) continue;
        const expected = searched.throughOthers(a, b);
        expect(paths.throughOthers(a, b), `${a} and ${b} after ${merges} merges`).toBe(expected);
        if (expected) connected++;
        else if (round % 8 === 0) {
          paths.merge(a, b);
          searched.merge(a, b);
          merges++;
        }
      }
    }
    expect(merges).toBeGreaterThan(5);
    expect(connected).toBeGreaterThan(50);
  });
});
