/** Seeded data for a case's inputs: the same numbers in Node and in the page. */

import { hostArray } from '../../src/core/dtype.js';
import { type RandomStream, randomStream } from '../../src/core/random.js';
import { sizeOf } from '../../src/core/shape.js';
import type { HostTensor } from '../../src/ir/graph.js';
import type { CaseInput, OpCase } from '../ops/case.js';

/** The inputs of `one`, filled as `CaseInput.fill` says. `double` keeps float data in float64, with the same (float32) values. */
export function fillCase(one: OpCase, double = false): HostTensor[] {
  return one.inputs.map((input, index) => fill(input, hash(`${one.op}/${one.name}`), index, double));
}

/** One input, from stream `index` of `seed`. */
export function fill(input: CaseInput, seed: number, index: number, double = false): HostTensor {
  const { shape, dtype = 'float32', fill: kind = dtype === 'float32' ? 'normal' : 'integers' } = input;
  const data = hostArray(dtype, sizeOf(shape), double);
  if (typeof kind !== 'string') {
    if (kind.length !== data.length) {
      throw new RangeError(
        `input ${index} has ${data.length} elements and ${kind.length} numbers to fill it`,
      );
    }
    data.set(dtype === 'float32' ? kind.map(Math.fround) : kind);
    return { shape, dtype, data };
  }
  const random = randomStream(seed, index);
  const [low, high] = INTEGERS[dtype];
  const draw: Record<typeof kind, (random: RandomStream) => number> = {
    normal: ({ normal }) => Math.fround(normal()),
    unit: ({ uniform }) => uniform() * (1 - 2 ** -10) + 2 ** -11,
    positive: ({ uniform }) => 0.5 + 1.5 * uniform(),
    integers: ({ below }) => low + below(high - low + 1),
  };
  for (let i = 0; i < data.length; i++) data[i] = Math.fround(draw[kind](random));
  return { shape, dtype, data };
}

const INTEGERS = {
  float32: [-8, 8],
  int32: [-8, 8],
  uint32: [0, 8],
  uint8: [0, 255],
  bool: [0, 1],
} as const;

/** FNV-1a: a seed from a name. */
export function hash(name: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  return state >>> 0;
}
