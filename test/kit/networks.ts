/**
 * Small networks and chains as op cases: what no single op shows. Fusion in front of and behind kernels, memory that is used again,
 * values with several consumers, gradients of gradients.
 */

import type { Value } from '../../src/ir/graph.js';
import { scalar } from '../../src/ir/leaves.js';
import {
  add,
  argMax,
  cast,
  concat,
  div,
  dropout,
  equal,
  exp,
  gather,
  gelu,
  logSoftmax,
  matmul,
  max,
  mean,
  mul,
  relu,
  select,
  sigmoid,
  slice,
  softmax,
  sparseSoftmaxCrossentropy,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  transpose,
} from '../../src/ops/index.js';
import type { CaseInput, OpCase } from '../ops/case.js';

const f = (...shape: number[]): CaseInput => ({ shape });
const labels = (count: number, classes: number): CaseInput => ({
  shape: [count],
  dtype: 'int32',
  fill: Array.from({ length: count }, (_, index) => (index * 7 + 3) % classes),
});

const ACTIVATIONS: Readonly<Record<string, (x: Value) => Value>> = { relu, sigmoid, tanh, gelu };

/** [b,i] · [i,o] + [o], activated. */
const dense = (activate: (x: Value) => Value, x: Value, w: Value, b: Value): Value =>
  activate(add(matmul(x, w), b));

const denseLayers: OpCase[] = Object.entries(ACTIVATIONS).flatMap(([name, activate]) =>
  [
    [1, 1, 1],
    [5, 7, 3],
    [32, 16, 32],
    [33, 17, 31],
  ].map(
    ([b = 1, i = 1, o = 1]): OpCase => ({
      op: 'dense',
      name: `${name}, [${b},${i}] to ${o}`,
      inputs: [f(b, i), f(i, o), f(o)],
      build: (x, w, bias) => dense(activate, x, w, bias),
    }),
  ),
);

const classifier: OpCase[] = [
  [3, 5, 4, 2],
  [32, 20, 16, 10],
].map(([b = 1, i = 1, h = 1, c = 1]) => ({
  op: 'classifier',
  name: `[${b},${i}] through ${h} to ${c} classes, with accuracy`,
  inputs: [f(b, i), f(i, h), f(h), f(h, c), f(c), labels(b, c)],
  build(x, w1, b1, w2, b2, y) {
    const logits = add(matmul(dense(relu, x, w1, b1), w2), b2);
    const hits = cast(equal(argMax(logits), y), 'float32');
    return [mean(sparseSoftmaxCrossentropy(logits, y)), mean(stopGradient(hits))];
  },
}));

const layerNorm = (x: Value, gamma: Value, beta: Value): Value => {
  const centred = sub(x, mean(x, { axis: -1, keepDims: true }));
  const variance = mean(square(centred), { axis: -1, keepDims: true });
  return add(mul(div(centred, sqrt(add(variance, 1e-3))), gamma), beta);
};

const attention = (q: Value, k: Value, v: Value): Value => {
  const scores = mul(matmul(q, k, { transposeB: true }), 1 / Math.sqrt(q.shape.at(-1) ?? 1));
  return matmul(softmax(scores), v);
};

const blocks: OpCase[] = [
  {
    op: 'layerNorm',
    name: '[6,33]',
    inputs: [f(6, 33), f(33), f(33)],
    build: layerNorm,
  },
  {
    op: 'attention',
    name: 'two heads of five queries and seven keys',
    inputs: [f(2, 5, 8), f(2, 7, 8), f(2, 7, 8)],
    build: attention,
  },
  {
    op: 'embedding',
    name: 'gathered rows, projected, averaged',
    inputs: [
      f(11, 6),
      { shape: [4, 5], dtype: 'int32', fill: Array.from({ length: 20 }, (_, i) => (i * 3) % 11) },
      f(6, 9),
    ],
    build: (table, ids, w) => mean(tanh(matmul(gather(table, ids), w)), { axis: 1 }),
  },
  {
    op: 'chain',
    name: 'a long row of pointwise work with three consumers',
    inputs: [f(9, 65), f(65)],
    build(x, y) {
      const shared = sigmoid(add(mul(x, y), exp(mul(tanh(x), -0.5))));
      return [mul(shared, x), sum(shared, { axis: 0 }), max(sub(shared, y), { axis: 1 })];
    },
  },
  {
    op: 'movement',
    name: 'cut, turned and joined between kernels',
    inputs: [f(8, 12), f(6, 8)],
    build(x, w) {
      const left = slice(x, { begin: [0, 0], size: [8, 6] });
      const right = slice(x, { begin: [0, 6], size: [8, 6] });
      const turned = transpose(matmul(w, w, { transposeB: true }));
      return matmul(concat([relu(left), tanh(right)], { axis: 1 }), concat([turned, square(turned)]));
    },
  },
  {
    op: 'select',
    name: 'a clipped loss with a broadcast bound',
    inputs: [f(7, 19), f(7, 1)],
    build(x, bound) {
      const small = sub(square(x), square(bound));
      return mean(select(equal(x, x), small, mul(bound, x)), { axis: 1 });
    },
  },
  {
    op: 'dropout',
    name: 'between two layers',
    inputs: [f(17, 9), f(9, 21), f(21, 4), { shape: [], dtype: 'uint32', fill: [5] }],
    build: (x, w1, w2, step) =>
      logSoftmax(matmul(dropout(relu(matmul(x, w1)), { rate: 0.4, seed: 3, stream: 1, counter: step }), w2)),
  },
  {
    op: 'constants',
    name: 'folded, broadcast and left alone',
    inputs: [f(3, 5)],
    build: (x) => [add(x, mul(scalar(2, 'float32'), scalar(3, 'float32'))), div(x, scalar(7, 'float32'))],
  },
];

/** Networks that a program compiles as a whole. */
export const networkCases: readonly OpCase[] = [...denseLayers, ...classifier, ...blocks];
