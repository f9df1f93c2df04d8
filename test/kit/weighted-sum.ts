/** A scalar out of any outputs, so that one gradient covers them all: Σ w · y with seeded w. */

import { randomStream } from '../../src/core/random.js';
import { sizeOf } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import { add, mul, sum } from '../../src/ops/index.js';

/** A cotangent like `value`: seeded, normal or whole numbers from −8 to 8, in double precision. */
export function cotangentFor(value: Value, seed: number, integers = false): Value {
  const { normal, below } = randomStream(seed, 0x636f);
  const draw = integers ? () => below(17) - 8 : () => Math.fround(normal());
  const data = Float64Array.from({ length: sizeOf(value.shape) }, draw);
  return constant(data, value.shape, 'float32');
}

export interface WeightedSumOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Whole weights: gradients that are exact for whole inputs stay so. Default false. */
  readonly integers?: boolean;
}

/** Σ over the float `outputs` of Σ w · output; throws where none is float. */
export function weightedSum(outputs: readonly Value[], options: WeightedSumOptions = {}): Value {
  const { seed = 1, integers = false } = options;
  const parts = outputs
    .filter(({ dtype }) => dtype === 'float32')
    .map((output, index) => sum(mul(cotangentFor(output, seed + index, integers), output)));
  const [first, ...rest] = parts;
  if (!first) throw new Error('no output is float32');
  return rest.reduce((total, part) => add(total, part), first);
}
