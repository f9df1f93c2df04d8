/** Cases of rows by index, their gradient, and classes as rows. */

import { gather, gatherGradient } from '../../src/ops/indexing/gather.js';
import { oneHot } from '../../src/ops/indexing/one-hot.js';
import type { CaseInput, OpCase } from './case.js';

type List = readonly number[];

interface GatherCase {
  readonly shape: List;
  readonly axis: number;
  /** Shape of the indices. */
  readonly at: List;
}

/** Repeated indices and rows that none names are in all of them: −3 … range + 2 also reaches outside, where it clamps. */
const GATHERS: readonly GatherCase[] = [
  { shape: [1], axis: 0, at: [1] },
  { shape: [5], axis: 0, at: [] },
  { shape: [7, 3], axis: 0, at: [11] },
  { shape: [7, 4], axis: 0, at: [11] },
  { shape: [3, 7], axis: 1, at: [5] },
  { shape: [3, 7, 8], axis: 1, at: [2, 3] },
  { shape: [3, 7, 5], axis: -1, at: [4] },
  { shape: [67, 16], axis: 0, at: [65] },
];

const indices = (at: List, rows: number): CaseInput => {
  const size = at.reduce((product, extent) => product * extent, 1);
  const fill = Array.from({ length: size }, (_, k) => ((k * 5 + 4) % (rows + 5)) - 3);
  return { shape: at, dtype: 'int32', fill };
};

const extent = ({ shape, axis }: GatherCase): number => shape.at(axis) ?? 1;
const name = ({ shape, axis, at }: GatherCase): string =>
  `[${shape.join(',')}] along ${axis} at [${at.join(',')}]`;

const gradientCases = GATHERS.map((one): OpCase => {
  const axis = one.axis < 0 ? one.axis + one.shape.length : one.axis;
  const shape = [...one.shape.slice(0, axis), ...one.at, ...one.shape.slice(axis + 1)];
  return {
    op: 'gatherGradient',
    name: name(one),
    inputs: [{ shape }, indices(one.at, extent(one))],
    build: (dy, at) => gatherGradient(dy, at, { axis, rows: extent(one) }),
  };
});

export const cases: OpCase[] = [
  ...GATHERS.map(
    (one): OpCase => ({
      op: 'gather',
      name: name(one),
      inputs: [{ shape: one.shape }, indices(one.at, extent(one))],
      build: (x, at) => gather(x, at, { axis: one.axis }),
      secondOrder: one.shape.length === 2,
    }),
  ),
  {
    op: 'gather',
    name: 'int32 rows',
    inputs: [{ shape: [5, 3], dtype: 'int32' }, indices([4], 5)],
    build: (x, at) => gather(x, at),
    exact: true,
  },
  ...gradientCases,
  {
    op: 'gatherGradient',
    name: 'integers',
    inputs: [{ shape: [257, 4], fill: 'integers' }, indices([257], 13)],
    build: (dy, at) => gatherGradient(dy, at, { rows: 13 }),
    exact: true,
  },
  {
    op: 'gatherGradient',
    name: 'no index at all',
    inputs: [{ shape: [0, 3] }, { shape: [0], dtype: 'int32' }],
    build: (dy, at) => gatherGradient(dy, at, { rows: 5 }),
    exact: true,
  },
  ...[1, 3, 10, 67].map(
    (depth): OpCase => ({
      op: 'oneHot',
      name: `depth ${depth}`,
      inputs: [indices([33], depth)],
      build: (at) => oneHot(at, { depth }),
      exact: true,
    }),
  ),
  {
    op: 'oneHot',
    name: 'other values, rank 2',
    inputs: [indices([2, 3], 5)],
    build: (at) => oneHot(at, { depth: 5, onValue: 0.75, offValue: -0.25 }),
    exact: true,
  },
  {
    op: 'oneHot',
    name: 'a scalar',
    inputs: [{ shape: [], dtype: 'int32', fill: [2] }],
    build: (at) => oneHot(at, { depth: 4 }),
    exact: true,
  },
];
