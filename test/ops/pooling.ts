/** Cases of max and average pooling: windows that overlap, lie side by side, leave gaps; channels in quads and not; padding. */

import { add, averagePool, maxPool, relu } from '../../src/ops/index.js';
import type { PoolOptions } from '../../src/ops/pooling/window.js';
import type { OpCase } from './case.js';

type Row = readonly [name: string, shape: readonly number[], options: PoolOptions];

/** Different window, strides or channels mean different kernels: few of each, then extents and batches that share them. */
const ROWS: readonly Row[] = [
  ['one cell', [1, 1, 1, 1], { poolSize: 1 }],
  ['side by side, one channel', [2, 6, 4, 1], { poolSize: 2 }],
  ['side by side, cells left over, another batch', [3, 7, 5, 1], { poolSize: 2 }],
  ['side by side, three channels', [2, 5, 6, 3], { poolSize: 2 }],
  ['side by side, quads', [2, 5, 7, 8], { poolSize: 2 }],
  ['side by side, more than a workgroup', [2, 24, 22, 8], { poolSize: 2 }],
  ['overlapping', [2, 7, 6, 3], { poolSize: 3, strides: 2 }],
  ['overlapping, quads', [2, 9, 7, 4], { poolSize: 3, strides: 1 }],
  ['with gaps', [1, 8, 9, 5], { poolSize: 2, strides: 3 }],
  ['tall windows and wide steps', [2, 8, 7, 4], { poolSize: [3, 2], strides: [1, 2] }],
  ['same, the odd cell at the end', [2, 6, 7, 3], { poolSize: 2, strides: 2, padding: 'same' }],
  ['same, overlapping, quads', [1, 7, 5, 4], { poolSize: 3, strides: 2, padding: 'same' }],
  [
    'padded by pairs',
    [2, 5, 4, 2],
    {
      poolSize: [2, 3],
      strides: 1,
      padding: [
        [1, 0],
        [0, 2],
      ],
    },
  ],
  ['sequences', [3, 11, 2], { poolSize: 2 }],
  ['sequences, same', [2, 7, 4], { poolSize: 3, strides: 2, padding: 'same' }],
];

/** More cells than a byte can tell apart. */
const LARGE: readonly Row[] = [
  ['a window over the whole image', [2, 17, 17, 3], { poolSize: 17 }],
  ['a window over the whole image, quads', [1, 16, 17, 4], { poolSize: [16, 17] }],
  ['a small one, by the same kernel', [2, 3, 5, 4], { poolSize: [3, 5] }],
];

const maxima: OpCase[] = [...ROWS, ...LARGE].map(([name, shape, options]) => ({
  op: 'maxPool',
  name: `${name}, [${shape}]`,
  // Ties abound, but finite differences need cells apart: normal numbers there, integers in the cases below.
  inputs: [{ shape }],
  build: (x) => maxPool(x, options),
  exact: false,
}));

const ties: OpCase[] = [ROWS[4], ROWS[6], ROWS[11], LARGE[0]].map((row) => {
  const [name, shape, options] = row as Row;
  return {
    op: 'maxPool',
    name: `ties of integers, ${name}`,
    inputs: [{ shape, fill: 'integers' }],
    build: (x) => maxPool(x, options),
    exact: true,
    deviceOnly: true, // their gradients are chosen, not slopes
  };
});

const averages: OpCase[] = [...ROWS, ...LARGE].map(([name, shape, options]) => ({
  op: 'averagePool',
  name: `${name}, [${shape}]`,
  inputs: [{ shape }],
  build: (x) => averagePool(x, options),
}));

const exactAverages: OpCase[] = [
  ['one channel', [2, 6, 4, 1]],
  ['quads', [2, 5, 7, 8]],
].map(([name, shape]) => ({
  op: 'averagePool',
  name: `integers, windows of four, ${name}`,
  inputs: [{ shape: shape as number[], fill: 'integers' }],
  build: (x) => averagePool(x, { poolSize: 2 }),
  exact: true,
}));

export const cases: OpCase[] = [
  ...maxima,
  ...ties,
  ...averages,
  ...exactAverages,
  {
    op: 'maxPool',
    name: 'behind relu, which moves behind it',
    inputs: [{ shape: [2, 6, 4, 4] }, { shape: [4] }],
    build: (x, bias) => maxPool(relu(add(x, bias)), { poolSize: 2 }),
  },
  {
    op: 'maxPool',
    name: 'twice differentiable, overlapping',
    inputs: [{ shape: [1, 5, 4, 2] }],
    build: (x) => {
      const y = maxPool(x, { poolSize: 3, strides: 1 });
      return maxPool(relu(y), { poolSize: 2 });
    },
    secondOrder: true,
  },
  {
    op: 'maxPool',
    name: 'twice differentiable, over the whole image',
    inputs: [{ shape: [2, 3, 2, 3] }],
    build: (x) => maxPool(relu(maxPool(x, { poolSize: [2, 1], strides: 1 })), { poolSize: 2 }),
    secondOrder: true,
  },
  {
    op: 'averagePool',
    name: 'twice differentiable, same',
    inputs: [{ shape: [1, 4, 5, 2] }],
    build: (x) => averagePool(x, { poolSize: 3, strides: 2, padding: 'same' }),
    secondOrder: true,
  },
];
