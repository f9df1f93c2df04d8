/** Random graphs as op cases: what nobody thought of writing down, with gradients, the same in every run. */

import { type RandomStream, randomStream } from '../../src/core/random.js';
import type { Value } from '../../src/ir/graph.js';
import {
  add,
  broadcastTo,
  concat,
  gelu,
  logSoftmax,
  matmul,
  max,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  slice,
  softmax,
  sub,
  sum,
  tanh,
  transpose,
} from '../../src/ops/index.js';
import type { OpCase } from '../ops/case.js';

const S = 8;
const COUNT = 24;
const STREAM = 0x6e65;

/** What a step may do with two matrices, a row and a column. Every result is [S,S] and of moderate size. */
const STEPS: readonly ((a: Value, b: Value, row: Value, column: Value) => Value)[] = [
  (a, b) => add(a, tanh(b)),
  (a, b) => mul(tanh(a), sigmoid(b)),
  (a) => tanh(a),
  (a) => relu(a),
  (a) => gelu(a),
  (a, b) => mul(matmul(a, b), 1 / S),
  (a, b) => mul(matmul(a, b, { transposeB: true }), 1 / S),
  (a) => softmax(a),
  (a) => mul(logSoftmax(a), 0.25),
  (a, _, row) => add(a, row),
  (a, _, __, column) => mul(a, sigmoid(column)),
  (a) => sub(a, mean(a, { axis: 1, keepDims: true })),
  (a, b) => add(mul(broadcastTo(sum(b, { axis: 0 }), [S, S]), 1 / S), a),
  (a, b) => mul(reshape(max(tanh(b), { axis: -1 }), [S, 1]), a),
  (a) => transpose(a),
  (a, b) =>
    concat([slice(a, { begin: [0, 0], size: [3, S] }), slice(b, { begin: [3, 0], size: [S - 3, S] })]),
];

function grow(random: RandomStream, [x, y, row, column]: readonly [Value, Value, Value, Value]): Value[] {
  const pool = [x, y];
  // Young values more often: deep graphs.
  const pick = (): Value => {
    const list = random.uniform() < 0.6 ? pool.slice(-4) : pool;
    return list[random.below(list.length)] as Value;
  };
  const length = 4 + random.below(12);
  for (let step = 0; step < length; step++) {
    const make = STEPS[random.below(STEPS.length)] as (typeof STEPS)[0];
    pool.push(make(pick(), pick(), row, column));
  }
  return [pool.at(-1) as Value, mean(pick())];
}

export const randomNetworks: readonly OpCase[] = Array.from({ length: COUNT }, (_, seed) => ({
  op: 'random',
  name: `number ${seed}`,
  inputs: [{ shape: [S, S] }, { shape: [S, S] }, { shape: [S] }, { shape: [S, 1] }],
  build: (...inputs: Value[]) =>
    grow(randomStream(seed, STREAM), inputs as unknown as readonly [Value, Value, Value, Value]),
}));
