/** Cases of the convolutions. The default ones cover every pair of option values; all combinations run in full. */

import type { Shape } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';
import {
  type Conv2dOptions,
  conv1d,
  conv2d,
  depthwiseConv2d,
  separableConv2d,
} from '../../src/ops/convolution/convolution.js';
import { outputSize, resolveWindow } from '../../src/ops/convolution/geometry.js';
import { filterGradientWithColumnSum } from '../../src/ops/convolution/op.js';
import { conv2dTranspose } from '../../src/ops/convolution/transpose.js';
import { pairwise } from '../kit/pairwise.js';
import type { CaseInput, OpCase } from './case.js';

const STRIDES = [1, 2, 3, [2, 1]] as const;
const DILATIONS = [1, 2] as const;
const PADDINGS = [
  'valid',
  'same',
  1,
  [
    [0, 2],
    [1, 0],
  ],
] as const;
const GROUPS = ['one', 'two', 'each'] as const;
const CHANNELS = [1, 3, 4, 5, 64] as const;

interface Combination {
  readonly strides: (typeof STRIDES)[number];
  readonly dilations: (typeof DILATIONS)[number];
  readonly padding: (typeof PADDINGS)[number];
  readonly groups: (typeof GROUPS)[number];
  readonly channels: (typeof CHANNELS)[number];
}

/** Channels and filters of each group, and the groups; two groups of odd channels would divide nothing. */
function extents({ groups, channels }: Combination): { c: number; k: number; groups: number } {
  if (channels === 64) return { c: 64, k: 64, groups: groups === 'one' ? 1 : groups === 'two' ? 2 : 64 };
  if (groups === 'one') return { c: channels, k: 9 - channels, groups: 1 };
  if (groups === 'two') return { c: channels * 2, k: channels === 4 ? 8 : 6, groups: 2 };
  return { c: channels, k: channels === 3 ? 6 : channels, groups: channels };
}

function combinationCase(combination: Combination, full: boolean): OpCase {
  const { c, k, groups } = extents(combination);
  const { strides, dilations, padding } = combination;
  const options: Conv2dOptions = { strides, dilations, padding, groups };
  return {
    op: 'conv2d',
    name: `${c}→${k} channels, strides ${strides}, dilations ${dilations}, padding ${padding}, groups ${groups}`,
    inputs: [{ shape: [2, 7, 6, c] }, { shape: [3, 2, c / groups, k] }],
    build: (x: Value, filter: Value) => conv2d(x, filter, options),
    full,
  };
}

const all: Combination[] = STRIDES.flatMap((strides) =>
  DILATIONS.flatMap((dilations) =>
    PADDINGS.flatMap((padding) =>
      GROUPS.flatMap((groups) =>
        CHANNELS.map((channels) => ({ strides, dilations, padding, groups, channels })),
      ),
    ),
  ),
);

const inDefault = pairwise(all);
const combinations = all.map((one) => combinationCase(one, !inDefault.has(one)));

/** Images, filters and options of cases by hand. */
interface Sketch {
  readonly x: Shape;
  readonly filter: Shape;
  readonly options?: Conv2dOptions;
  readonly secondOrder?: boolean;
  readonly full?: boolean;
}

const sketched = (name: string, { x, filter, options = {}, ...flags }: Sketch): OpCase => ({
  op: 'conv2d',
  name,
  inputs: [{ shape: x }, { shape: filter }],
  build: (image: Value, kernel: Value) => conv2d(image, kernel, options),
  ...flags,
});

const sizes: OpCase[] = [
  sketched('one pixel', { x: [1, 1, 1, 1], filter: [1, 1, 1, 1], secondOrder: true }),
  sketched('one image, one place', { x: [1, 3, 3, 2], filter: [3, 3, 2, 1], secondOrder: true }),
  sketched('1×1 by matmul', { x: [2, 5, 3, 4], filter: [1, 1, 4, 7] }),
  sketched('1×1 with a stride', { x: [2, 5, 4, 3], filter: [1, 1, 3, 4], options: { strides: 2 } }),
  sketched('1×1 with padding', { x: [1, 2, 3, 4], filter: [1, 1, 4, 4], options: { padding: 1 } }),
  sketched('stride beyond the kernel', {
    x: [1, 9, 8, 2],
    filter: [2, 2, 2, 3],
    options: { strides: [4, 3] },
  }),
  sketched('stride and dilation with a common divisor', {
    x: [1, 9, 9, 4],
    filter: [3, 3, 4, 4],
    options: { strides: [2, 3], dilations: [2, 3], padding: 'same' },
    secondOrder: true,
  }),
  sketched('even kernel, same', { x: [2, 5, 7, 3], filter: [4, 2, 3, 5], options: { padding: 'same' } }),
  sketched('padding beyond the kernel', { x: [1, 2, 2, 1], filter: [2, 2, 1, 2], options: { padding: 3 } }),
  sketched('8 → 12 channels', { x: [3, 6, 5, 8], filter: [3, 3, 8, 12] }),
  sketched('16 → 20 channels, same', {
    x: [2, 5, 5, 16],
    filter: [3, 3, 16, 20],
    options: { padding: 'same' },
  }),
  sketched('first layer of an image network', { x: [3, 9, 9, 1], filter: [3, 3, 1, 32] }),
  sketched('64 → 64 channels', { x: [2, 6, 6, 64], filter: [3, 3, 64, 64], full: true }),
  sketched('64 → 64 channels in 4 groups', {
    x: [2, 6, 6, 64],
    filter: [3, 3, 16, 64],
    options: { groups: 4, strides: 2, padding: 'same' },
    full: true,
  }),
];

const EXACT: readonly { readonly channels: readonly [number, number]; readonly options: Conv2dOptions }[] = [
  { channels: [4, 8], options: {} },
  { channels: [3, 5], options: { strides: 2, padding: 'same' } },
  { channels: [1, 4], options: { dilations: 2, padding: 1 } },
  { channels: [8, 8], options: { groups: 2, strides: [1, 2] } },
  { channels: [8, 8], options: { groups: 8, padding: 'same' } },
];

const exact: OpCase[] = EXACT.map(({ channels: [c, k], options }) => ({
  op: 'conv2d',
  name: `integers, ${c}→${k} channels, ${JSON.stringify(options)}`,
  inputs: integers([2, 8, 7, c], [3, 3, c / (options.groups ?? 1), k]),
  build: (x: Value, filter: Value) => conv2d(x, filter, options),
  exact: true,
}));

function integers(...shapes: readonly Shape[]): CaseInput[] {
  return shapes.map((shape) => ({ shape, fill: 'integers' }));
}

const sequences: OpCase[] = [
  { name: 'plain', options: {} },
  { name: 'same, stride 2', options: { padding: 'same', strides: 2 } },
  { name: 'causal, dilated', options: { padding: [4, 0], dilations: 2 } },
  { name: 'two groups', options: { groups: 2, padding: 1 } },
].map(({ name, options }) => ({
  op: 'conv1d',
  name,
  inputs: [{ shape: [2, 9, 4] }, { shape: [3, 'groups' in options ? 2 : 4, 6] }],
  build: (x, filter) => conv1d(x, filter, options as Parameters<typeof conv1d>[2]),
}));

const DEPTHWISE: readonly { readonly filter: Shape; readonly options: Omit<Conv2dOptions, 'groups'> }[] = [
  { filter: [3, 3, 4, 1], options: { padding: 'same' } },
  { filter: [3, 2, 8, 1], options: { strides: 2, padding: 1 } },
  { filter: [2, 3, 3, 1], options: { dilations: 2 } },
  { filter: [3, 3, 4, 2], options: { strides: [1, 2], padding: 'same' } },
  { filter: [2, 2, 3, 3], options: {} },
];

const depthwise: OpCase[] = DEPTHWISE.flatMap(({ filter, options }, index) =>
  (['normal', 'integers'] as const).map((fill) => ({
    op: 'depthwiseConv2d',
    name: `[${filter}], ${JSON.stringify(options)}, ${fill}`,
    inputs: [
      { shape: [2, 7, 6, filter[2] ?? 1], fill },
      { shape: filter, fill },
    ],
    build: (x: Value, kernel: Value) => depthwiseConv2d(x, kernel, options),
    exact: fill === 'integers',
    secondOrder: index === 3 && fill === 'normal',
  })),
);

const separable: OpCase[] = [
  { op: 'separableConv2d', name: 'plain', options: {} },
  { op: 'separableConv2d', name: 'same, stride 2', options: { strides: 2, padding: 'same' as const } },
].map(({ op, name, options }) => ({
  op,
  name,
  inputs: [{ shape: [2, 6, 5, 4] }, { shape: [3, 3, 4, 2] }, { shape: [1, 1, 8, 5] }],
  build: (x: Value, first: Value, second: Value) => separableConv2d(x, first, second, options),
}));

const TRANSPOSED: readonly {
  readonly filter: Shape;
  readonly options: Parameters<typeof conv2dTranspose>[2];
}[] = [
  { filter: [3, 3, 5, 4], options: {} },
  { filter: [3, 3, 3, 4], options: { strides: 2, padding: 'same' } },
  { filter: [2, 2, 4, 4], options: { strides: 3 } },
  { filter: [3, 2, 2, 4], options: { strides: [3, 2], padding: 1, outputPadding: [2, 1] } },
  { filter: [3, 3, 2, 4], options: { dilations: 2, groups: 2 } },
  {
    filter: [3, 3, 1, 4],
    options: {
      strides: 2,
      groups: 4,
      padding: [
        [1, 0],
        [0, 1],
      ],
    },
  },
  { filter: [1, 1, 5, 4], options: {} },
];

const transposed: OpCase[] = TRANSPOSED.flatMap(({ filter, options = {} }, index) =>
  (['normal', 'integers'] as const).map((fill) => ({
    op: 'conv2dTranspose',
    name: `[${filter}], ${JSON.stringify(options)}, ${fill}`,
    inputs: [
      { shape: [2, 3, 4, 4], fill },
      { shape: filter, fill },
    ],
    build: (x: Value, kernel: Value) => conv2dTranspose(x, kernel, options),
    exact: fill === 'integers',
    secondOrder: index === 1 && fill === 'normal',
  })),
);

const COLUMN_SUMS: readonly {
  readonly channels: readonly [number, number];
  readonly options: Conv2dOptions;
}[] = [
  { channels: [4, 8], options: {} },
  { channels: [1, 5], options: { strides: 2, padding: 'same' } },
  { channels: [6, 4], options: { groups: 2, dilations: 2 } },
  { channels: [4, 4], options: { groups: 4, padding: 1 } },
];

const columnSums: OpCase[] = COLUMN_SUMS.flatMap(({ channels: [c, k], options }) =>
  (['normal', 'integers'] as const).map((fill) => {
    const kernel = [3, 3] as const;
    const window = resolveWindow('conv2d', [9, 8], kernel, options);
    const [p, q] = outputSize('conv2d', [9, 8], kernel, window);
    const attrs = { ...window, kernel, groups: options.groups ?? 1 };
    return {
      op: 'conv2dFilterGradientWithColumnSum',
      name: `${c}→${k} channels, ${JSON.stringify(options)}, ${fill}`,
      inputs: [
        { shape: [3, 9, 8, c], fill },
        { shape: [3, p, q, k], fill },
      ],
      build: (x: Value, dy: Value) => filterGradientWithColumnSum(x, dy, attrs),
      exact: fill === 'integers',
    };
  }),
);

const empty: OpCase[] = [
  {
    op: 'conv2d',
    name: 'no images',
    inputs: [{ shape: [0, 4, 4, 2] }, { shape: [3, 3, 2, 3] }],
    build: (x, filter) => conv2d(x, filter),
    gradients: false,
  },
];

export const cases: readonly OpCase[] = [
  ...combinations,
  ...sizes,
  ...exact,
  ...sequences,
  ...depthwise,
  ...separable,
  ...transposed,
  ...columnSums,
  ...empty,
];
