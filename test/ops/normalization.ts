/** Cases of standardize: the axes of batch, layer and group normalisation, with scale and without. */

import { standardize } from '../../src/ops/index.js';
import type { OpCase } from './case.js';

export const cases: OpCase[] = [
  {
    op: 'standardize',
    name: 'over all but the last axis, scaled',
    inputs: [{ shape: [3, 2, 4, 5] }, { shape: [1, 1, 1, 5] }],
    build: (x, scale) => standardize(x, { axis: [0, 1, 2], scale })[0] ?? x,
  },
  {
    op: 'standardize',
    name: 'over the last axis, unscaled, with another epsilon',
    inputs: [{ shape: [6, 33] }],
    build: (x) => standardize(x, { axis: -1, epsilon: 0.1 })[0] ?? x,
  },
  {
    op: 'standardize',
    name: 'over groups of channels',
    inputs: [{ shape: [2, 6, 3, 4] }],
    build: (x) => standardize(x, { axis: [1, 3] })[0] ?? x,
  },
  {
    op: 'standardize',
    name: 'statistics too, twice differentiable',
    inputs: [{ shape: [4, 3] }, { shape: [1, 3], fill: 'positive' }],
    build: (x, scale) => standardize(x, { axis: 0, scale }),
    secondOrder: true,
  },
];
