/** Cases of the ops that move data: every rank, quads and odd rows, edges of the transpose's tile. */

import { concat, split, stack } from '../../src/ops/movement/concat.js';
import { copy } from '../../src/ops/movement/copy.js';
import { pad, type SliceOptions, slice } from '../../src/ops/movement/slice.js';
import { transpose } from '../../src/ops/movement/transpose.js';
import type { CaseInput, OpCase } from './case.js';

type List = readonly number[];

const TRANSPOSES: readonly { readonly shape: List; readonly perm?: List }[] = [
  { shape: [] },
  { shape: [7] },
  { shape: [1, 1] },
  { shape: [3, 5] },
  { shape: [31, 33], perm: [1, 0] },
  { shape: [32, 32], perm: [-1, -2] },
  { shape: [65, 31], perm: [1, 0] },
  { shape: [3, 33, 34], perm: [0, 2, 1] },
  { shape: [2, 3, 4, 5], perm: [0, 1, 3, 2] },
  { shape: [2, 3, 4, 5], perm: [2, 3, 0, 1] },
  { shape: [3, 5, 8], perm: [1, 0, 2] },
  { shape: [3, 5, 7], perm: [1, 0, 2] },
  { shape: [2, 3, 5], perm: [2, 0, 1] },
  { shape: [2, 3, 5], perm: [1, 2, 0] },
  { shape: [2, 3, 4, 5] },
  { shape: [1, 4, 1, 4], perm: [2, 1, 0, 3] },
  { shape: [2, 3, 2, 3, 2], perm: [4, 1, 3, 0, 2] },
];

const SLICES: readonly (SliceOptions & { readonly shape: List })[] = [
  { shape: [] },
  { shape: [7], begin: [2], size: [3] },
  { shape: [1031], begin: [1] },
  { shape: [5, 3], begin: [1, 0], size: [2, -1] },
  { shape: [5, 8], begin: [2, 0], size: [3, -1] },
  { shape: [5, 8], size: [-1, 4], begin: [0, 4] },
  { shape: [5, 8], size: [-1, 5], begin: [0, 1] },
  { shape: [3, 5, 7], begin: [1, 1, 1], size: [1, 3, 5] },
  { shape: [3, 5, 4], begin: [0, 2, 0], size: [3, 2, 4] },
  { shape: [3, 5, 8], begin: [1, 2, 4], size: [2, 2, 4] },
  { shape: [2, 3, 2, 5], begin: [0, 1, 0, 0], size: [-1, 2, 1, -1] },
  { shape: [4, 4], begin: [3, 3], size: [1, 1] },
];

/** `paddings`: before and after each axis in turn. */
const PADS: readonly { readonly shape: List; readonly paddings: List; readonly value?: number }[] = [
  { shape: [1], paddings: [3, 2] },
  { shape: [7], paddings: [0, 1], value: 1.5 },
  { shape: [3, 5], paddings: [1, 2, 0, 0] },
  { shape: [3, 5], paddings: [0, 0, 1, 1] },
  { shape: [3, 8], paddings: [1, 2, 4, 8], value: -2 },
  { shape: [3, 8], paddings: [2, 0, 0, 0] },
  { shape: [3, 8], paddings: [0, 0, 3, 1] },
  { shape: [2, 3, 2], paddings: [1, 0, 0, 1, 2, 1], value: 3 },
  { shape: [2, 5, 5, 3], paddings: [0, 0, 2, 2, 1, 3, 0, 0] },
  { shape: [2, 5, 5, 4], paddings: [0, 0, 2, 2, 1, 3, 0, 0] },
  { shape: [0, 2], paddings: [1, 2, 0, 1], value: 4 },
];

/** Parts [outer, …extents of the joined axis…, inner] around the seven that one dispatch takes. */
const CONCATS: readonly { readonly outer: number; readonly extents: List; readonly inner: number }[] = [
  { outer: 1, extents: [1, 1], inner: 1 },
  { outer: 3, extents: [5], inner: 1 },
  { outer: 3, extents: [4, 8], inner: 1 },
  { outer: 3, extents: [4, 3], inner: 1 },
  { outer: 2, extents: [1, 4, 2], inner: 3 },
  { outer: 2, extents: [1, 4, 2], inner: 4 },
  { outer: 2, extents: [0, 3], inner: 1 },
  { outer: 2, extents: [1, 2, 3, 4, 5, 6, 7], inner: 1 },
  { outer: 2, extents: [1, 2, 3, 4, 5, 6, 7, 8], inner: 1 },
  { outer: 2, extents: new Array(15).fill(4), inner: 1 },
  { outer: 65, extents: [31, 33], inner: 1 },
];

const show = (list: List): string => `[${list.join(',')}]`;
const floats = (...shapes: List[]): CaseInput[] => shapes.map((shape) => ({ shape }));

export const cases: OpCase[] = [
  ...TRANSPOSES.map(
    ({ shape, perm }): OpCase => ({
      op: 'transpose',
      name: `${show(shape)} by ${perm ? show(perm) : 'default'}`,
      inputs: floats(shape),
      build: (x) => transpose(x, perm ? { perm } : {}),
      exact: true,
      secondOrder: shape.length === 3,
    }),
  ),
  {
    op: 'transpose',
    name: 'bool',
    inputs: [{ shape: [3, 5], dtype: 'bool' }],
    build: (x) => transpose(x),
    exact: true,
  },
  ...SLICES.map(
    ({ shape, ...options }): OpCase => ({
      op: 'slice',
      name: `${show(shape)} ${JSON.stringify(options)}`,
      inputs: floats(shape),
      build: (x) => slice(x, options),
      exact: true,
      secondOrder: shape.length === 3,
    }),
  ),
  {
    op: 'slice',
    name: 'int32',
    inputs: [{ shape: [5, 3], dtype: 'int32' }],
    build: (x) => slice(x, { begin: [1, 1] }),
    exact: true,
  },
  ...PADS.map(
    ({ shape, paddings, value }): OpCase => ({
      op: 'pad',
      name: `${show(shape)} by ${show(paddings)}${value === undefined ? '' : ` with ${value}`}`,
      inputs: floats(shape),
      build: (x) => {
        const pairs = shape.map((_, axis): [number, number] => [
          paddings[2 * axis] ?? 0,
          paddings[2 * axis + 1] ?? 0,
        ]);
        return pad(x, value === undefined ? { paddings: pairs } : { paddings: pairs, value });
      },
      exact: true,
      secondOrder: shape.length === 3,
    }),
  ),
  {
    op: 'pad',
    name: 'int32 with a negative value',
    inputs: [{ shape: [5], dtype: 'int32' }],
    build: (x) => pad(x, { paddings: [[1, 1]], value: -7 }),
    exact: true,
  },
  {
    op: 'pad',
    name: 'bool with true',
    inputs: [{ shape: [5], dtype: 'bool' }],
    build: (x) => pad(x, { paddings: [[1, 1]], value: 1 }),
    exact: true,
  },
  ...CONCATS.map(
    ({ outer, extents, inner }): OpCase => ({
      op: 'concat',
      name: `[${outer},(${extents.join('+')}),${inner}]`,
      inputs: floats(...extents.map((extent) => [outer, extent, inner])),
      build: (...values) => concat(values, { axis: 1 }),
      exact: true,
      secondOrder: extents.length === 2,
    }),
  ),
  ...[[3, 5, 2], [1]].map(
    (rows): OpCase => ({
      op: 'concat',
      name: `rows ${show(rows)}`,
      inputs: floats(...rows.map((row) => [row, 4])),
      build: (...values) => concat(values),
      exact: true,
    }),
  ),
  ...[0, 1, -1].map(
    (axis): OpCase => ({
      op: 'stack',
      name: `axis ${axis}`,
      inputs: floats([3, 4], [3, 4], [3, 4]),
      build: (...values) => stack(values, { axis }),
      exact: true,
    }),
  ),
  {
    op: 'split',
    name: 'three equal parts',
    inputs: floats([2, 6]),
    build: (x) => split(x, { sizes: 3, axis: 1 }),
    exact: true,
  },
  {
    op: 'split',
    name: 'parts by size along axis 0',
    inputs: floats([7, 4]),
    build: (x) => split(x, { sizes: [1, 4, 2] }),
    exact: true,
  },
  ...([[], [3], [257], [5, 8]] as const).map(
    (shape): OpCase => ({
      op: 'copy',
      name: show(shape),
      inputs: floats(shape),
      build: (x) => copy(x),
      exact: true,
    }),
  ),
  {
    op: 'copy',
    name: 'uint8',
    inputs: [{ shape: [3, 7], dtype: 'uint8' }],
    build: (x) => copy(x),
    exact: true,
  },
];
