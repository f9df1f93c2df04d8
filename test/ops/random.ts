/** Cases of random ops: the same bits on every device where the result is bits; a budget for normal and what is made of logs. */

import { scalar } from '../../src/ir/leaves.js';
import { categorical } from '../../src/ops/categorical.js';
import {
  bernoulli,
  dropout,
  gumbel,
  mul,
  normal,
  randomBits,
  uniform,
} from '../../src/ops/pointwise/index.js';
import type { OpCase } from './case.js';

const SHAPES = [[], [1], [3], [5], [65], [257], [3, 5], [33, 8], [4100]];
const KEY = { seed: 0xdeadbeef, stream: 7 };

const counter = { shape: [], dtype: 'uint32', fill: [0xffffffff] } as const;

const draws: OpCase[] = SHAPES.flatMap((shape): OpCase[] => {
  const common = { inputs: [counter], gradients: false, name: `[${shape}]` };
  return [
    {
      op: 'randomBits',
      ...common,
      build: (step) => randomBits(shape, { ...KEY, counter: step }),
      exact: true,
    },
    { op: 'uniform', ...common, build: (step) => uniform(shape, { ...KEY, counter: step }), exact: true },
    {
      op: 'bernoulli',
      ...common,
      build: (step) => bernoulli(shape, { ...KEY, counter: step, probability: 0.3 }),
      exact: true,
    },
    { op: 'normal', ...common, build: (step) => normal(shape, { ...KEY, counter: step }) },
    { op: 'gumbel', ...common, build: (step) => gumbel(shape, { ...KEY, counter: step }) },
  ];
});

/** Keys and counters at the edges of 32 bits. */
const keys: OpCase[] = [
  [0, 0],
  [1, 0],
  [0, 1],
  [0xffffffff, 0xffffffff],
  [0x13198a2e, 0x03707344],
].map(([seed = 0, stream = 0]) => ({
  op: 'randomBits',
  name: `key ${seed}, ${stream}`,
  inputs: [{ shape: [], dtype: 'uint32', fill: [0] }],
  build: (step) => [
    randomBits([7], { seed, stream, counter: step }),
    randomBits([7], { seed, stream, counter: scalar(0x85a308d3, 'uint32') }),
    randomBits([7], { seed, stream }),
  ],
  exact: true,
  gradients: false,
}));

const scaled: OpCase[] = [
  {
    op: 'uniform',
    name: 'between -3 and 5, of different streams',
    inputs: [counter],
    build: (step) =>
      [0, 1, 2].map((stream) => uniform([5, 8], { seed: 3, stream, counter: step, min: -3, max: 5 })),
    gradients: false,
  },
  {
    op: 'normal',
    name: 'mean 2, standard deviation 0.1',
    inputs: [counter],
    build: (step) => normal([5, 8], { seed: 3, counter: step, mean: 2, stddev: 0.1 }),
    gradients: false,
  },
  ...[0, 1].map(
    (probability): OpCase => ({
      op: 'bernoulli',
      name: `probability ${probability}`,
      inputs: [],
      build: () => bernoulli([65], { probability }),
      exact: true,
      gradients: false,
    }),
  ),
];

const dropped: OpCase[] = [0, 0.1, 0.5, 0.9].flatMap((rate) =>
  [[65], [4, 8], [3, 5]].map(
    (shape): OpCase => ({
      op: 'dropout',
      name: `rate ${rate}, [${shape}]`,
      inputs: [{ shape }, counter],
      build: (x, step) => dropout(mul(x, x), { rate, seed: 11, stream: 2, counter: step }),
      secondOrder: shape.length === 2,
    }),
  ),
);

const sampled: OpCase[] = (
  [
    [[7], 1],
    [[5, 3], 0.5],
    [[33, 10], 2],
    [[2, 3, 4], 1],
  ] as const
).map(([shape, temperature]) => ({
  op: 'categorical',
  name: `[${shape}] at temperature ${temperature}`,
  inputs: [{ shape }, counter],
  build: (logits, step) => categorical(logits, { temperature, seed: 5, counter: step }),
  gradients: false,
}));

/** At temperatures that are tensors: one for all, or one for each row; at 0 the largest logit wins. */
const heated: OpCase[] = [
  { shape: [], fill: [0.5] },
  { shape: [1], fill: [2] },
  { shape: [3, 1], fill: [0.5, 1, 2] },
  { shape: [2, 3, 1], fill: [0, 1, 2, 3, 4, 5] },
].map((temperature) => ({
  op: 'categorical',
  name: `[2,3,5] at a temperature of shape [${temperature.shape}]`,
  inputs: [{ shape: [2, 3, 5] }, counter, temperature],
  build: (logits, step, given) => categorical(logits, { temperature: given, seed: 5, counter: step }),
  gradients: false,
}));

export const cases: OpCase[] = [...draws, ...keys, ...scaled, ...dropped, ...sampled, ...heated];
