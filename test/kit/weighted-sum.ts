/** A scalar out of any outputs, so that one gradient covers them all: Σ w · y with seeded w. */

import { randomStream } from '../../src/core/random.js';
import { sizeOf } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import { add, mul, sum } from '../../src/ops/index.js';

/** A cotangent like `value`: seeded, normal, in double precision. */
export function cotangentFor(value: Value, seed: number): Value {
  const { normal } = randomStream(seed, 0x636f);
  const data = Float64Array.from({ length: sizeOf(value.shape) }, () => Math.fround(normal()));
  return constant(data, value.shape, 'float32');
}

/** Σ over the float `outputs` of Σ w · output; throws where none is float. */
export function weightedSum(outputs: readonly Value[], seed = 1): Value {
  const parts = outputs
    .filter(({ dtype }) => dtype === 'float32')
    .map((output, index) => sum(mul(cotangentFor(output, seed + index), output)));
  const [first, ...rest] = parts;
  if (!first) throw new Error('no output is float32');
  return rest.reduce((total, part) => add(total, part), first);
}
