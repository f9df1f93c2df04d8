/** Cases of the elementwise functions: sizes around the kernels' units, broadcasting, every dtype, extreme arguments. */

import type { DType } from '../../src/core/dtype.js';
import type { Operand, Value } from '../../src/ir/graph.js';
import * as ops from '../../src/ops/pointwise/index.js';
import type { CaseInput, OpCase } from './case.js';

type Fill = NonNullable<CaseInput['fill']>;

/** One element, below, at and above a unit of four, around 64, and a prime beyond a workgroup of 256. */
const SIZES = [1, 3, 4, 5, 63, 64, 65, 257];
/** Rows of four, for the vec4 kernel; rank 0; and a rank-1 tensor long enough for vec4. */
const SHAPES = [[], [3, 5], [2, 3, 8], [4100]];

interface Unary {
  readonly name: string;
  readonly apply: (x: Value) => Value;
  readonly fill?: Fill;
  /** Where it is hard: results must still be within budget. */
  readonly extreme?: readonly number[];
  /** No rounding at all. */
  readonly exact?: boolean;
  /** No gradient flows by definition. */
  readonly flat?: boolean;
}

const FAR = [
  -1e30, -100, -88, -87, -30, -16, -5, -0.7, -1e-3, -1e-30, 0, 1e-30, 1e-3, 0.7, 5, 16, 30, 87, 88, 100, 1e30,
];
const WITHIN_100 = FAR.filter((x) => Math.abs(x) <= 100);
const POSITIVE = [1e-30, 1e-7, 0.3, 0.5, 0.74, 0.76, 0.999999, 1, 1.000001, 1.49, 1.51, 2, 3, 1e7, 1e30];

const UNARY: readonly Unary[] = [
  { name: 'neg', apply: ops.neg, extreme: FAR, exact: true },
  { name: 'abs', apply: ops.abs, extreme: FAR, exact: true },
  { name: 'sign', apply: ops.sign, extreme: FAR, exact: true, flat: true },
  { name: 'floor', apply: ops.floor, extreme: FAR, exact: true, flat: true },
  { name: 'square', apply: ops.square, extreme: WITHIN_100 },
  { name: 'reciprocal', apply: ops.reciprocal, fill: 'positive', extreme: POSITIVE },
  { name: 'exp', apply: ops.exp, extreme: [-1e30, -100, -88, -87, -30, -1, -1e-6, 0, 1e-6, 1, 30, 80, 88] },
  { name: 'log', apply: ops.log, fill: 'positive', extreme: POSITIVE },
  { name: 'sqrt', apply: ops.sqrt, fill: 'positive', extreme: [0, ...POSITIVE] },
  { name: 'relu', apply: ops.relu, extreme: FAR, exact: true },
  { name: 'sigmoid', apply: ops.sigmoid, extreme: FAR },
  { name: 'tanh', apply: ops.tanh, extreme: [...FAR, -0.66, -0.64, 0.64, 0.65, 0.66] },
  { name: 'softplus', apply: ops.softplus, extreme: FAR },
  { name: 'erf', apply: ops.erf, extreme: [...FAR, -0.86, -0.84, 0.84, 0.85, 0.86, 1.5, 3] },
  { name: 'gelu', apply: (x) => ops.gelu(x), extreme: WITHIN_100 },
  { name: 'stopGradient', apply: ops.stopGradient, extreme: FAR, exact: true, flat: true },
];

/** gelu's other option value, under the same op. */
const GELU_TANH: Unary = {
  name: 'gelu',
  apply: (x) => ops.gelu(x, { approximate: true }),
  extreme: WITHIN_100,
};

function unaryCases(
  { name, apply, fill = 'normal', extreme = [], exact = false, flat = false }: Unary,
  label = '',
): OpCase[] {
  return [
    {
      op: name,
      name: `sizes ${SIZES.join(', ')}${label}`,
      inputs: SIZES.map((size) => ({ shape: [size], fill })),
      build: (...inputs) => inputs.map(apply),
      exact,
      gradients: false,
    },
    ...SHAPES.map(
      (shape): OpCase => ({
        op: name,
        name: `[${shape}]${label}`,
        inputs: [{ shape, fill }],
        build: apply,
        exact,
        gradients: !flat && shape.length !== 1,
        secondOrder: !flat && shape.length === 2,
      }),
    ),
    {
      op: name,
      name: `hard arguments${label}`,
      inputs: [{ shape: [extreme.length], fill: extreme }],
      build: apply,
      exact,
      gradients: false,
    },
  ];
}

type Binary = (a: Operand, b: Operand) => Value;

const FLOAT_BINARY: readonly { name: string; apply: Binary; fill?: Fill; exact?: boolean }[] = [
  { name: 'add', apply: ops.add },
  { name: 'sub', apply: ops.sub },
  { name: 'mul', apply: ops.mul },
  { name: 'div', apply: ops.div, fill: 'positive' },
  { name: 'pow', apply: ops.pow, fill: 'positive' },
  { name: 'maximum', apply: ops.maximum, exact: true },
  { name: 'minimum', apply: ops.minimum, exact: true },
];

/** Pairs of shapes: equal, scalar, row, column, both ways, a middle axis; with rows of four and without. */
const PAIRS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[65], [65]],
  [[7], []],
  [[1], [1, 1]],
  [[2, 3, 5], [5]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [4, 1, 3],
    [2, 1],
  ],
  [
    [2, 3, 4],
    [2, 1, 4],
  ],
  [[8, 4], [4]],
  [
    [8, 4],
    [8, 1],
  ],
  [
    [6, 2],
    [1, 2],
  ],
  [
    [1, 3, 8],
    [2, 3, 1],
  ],
];

const binaryCases: OpCase[] = FLOAT_BINARY.flatMap(({ name, apply, fill = 'normal', exact = false }) =>
  PAIRS.map(([a, b], index) => ({
    op: name,
    name: `[${a}] and [${b}]`,
    inputs: [
      { shape: a, fill },
      { shape: b, fill },
    ],
    build: apply,
    exact,
    secondOrder: index === 4,
  })),
);

/** Numbers in place of a tensor, on either side. */
const numberCases: OpCase[] = FLOAT_BINARY.map(({ name, apply, exact = false }) => {
  return {
    op: name,
    name: 'numbers beside a tensor',
    inputs: [{ shape: [3, 5], fill: 'positive' }],
    build: (x) => [apply(x, 0.75), apply(1.5, x)],
    exact,
  };
});

const INT_EDGES = [-2147483648, -2147483647, -65537, -7, -1, 0, 1, 7, 65537, 2147483647];
const UINT_EDGES = [0, 1, 2, 7, 65535, 65537, 2147483648, 4294967294, 4294967295];

const INTEGER_UNARY: Readonly<Record<'int32' | 'uint32', readonly string[]>> = {
  int32: ['neg', 'abs', 'sign', 'relu', 'square', 'stopGradient'],
  uint32: ['square', 'stopGradient'],
};

/** Every edge with every edge: wrapping, division by zero, and the one quotient that does not fit. */
const integerCases: OpCase[] = (
  [
    ['int32', INT_EDGES],
    ['uint32', UINT_EDGES],
  ] as const
).flatMap(([dtype, edges]) => {
  const exactly = { exact: true, gradients: false } as const;
  const pair = [
    { shape: [edges.length, 1], dtype, fill: edges },
    { shape: [edges.length], dtype, fill: edges },
  ];
  const binary = FLOAT_BINARY.filter(({ name }) => name !== 'pow').map(
    ({ name, apply }): OpCase => ({
      op: name,
      name: `${dtype} edges`,
      inputs: pair,
      build: apply,
      ...exactly,
    }),
  );
  const unary = UNARY.filter(({ name }) => INTEGER_UNARY[dtype].includes(name)).map(
    ({ name, apply }): OpCase => ({
      op: name,
      name: `${dtype} edges`,
      inputs: [{ shape: [edges.length], dtype, fill: edges }],
      build: apply,
      ...exactly,
    }),
  );
  return [...binary, ...unary];
});

const COMPARISONS: readonly (readonly [string, Binary])[] = [
  ['equal', ops.equal],
  ['notEqual', ops.notEqual],
  ['less', ops.less],
  ['lessEqual', ops.lessEqual],
  ['greater', ops.greater],
  ['greaterEqual', ops.greaterEqual],
];

const LOGIC: readonly (readonly [string, (a: Value, b: Value) => Value])[] = [
  ['logicalAnd', ops.logicalAnd],
  ['logicalOr', ops.logicalOr],
  ['equal', ops.equal],
  ['notEqual', ops.notEqual],
];

const comparisonCases: OpCase[] = COMPARISONS.flatMap(([op, apply]): OpCase[] => [
  ...(['float32', 'int32', 'uint32'] as const).map(
    (dtype): OpCase => ({
      op,
      name: `${dtype}, with ties`,
      inputs: [
        { shape: [9, 8], dtype, fill: 'integers' },
        { shape: [8], dtype, fill: 'integers' },
      ],
      build: apply,
      exact: true,
      gradients: false,
    }),
  ),
  {
    op,
    name: 'sizes, beside a number',
    inputs: SIZES.map((size) => ({ shape: [size] })),
    build: (...inputs) => inputs.map((x) => apply(x, 0.25)),
    exact: true,
    gradients: false,
  },
]);

const logicCases: OpCase[] = [
  ...LOGIC.map(
    ([op, apply]): OpCase => ({
      op,
      name: 'bool [5,1] and [4]',
      inputs: [
        { shape: [5, 1], dtype: 'bool' },
        { shape: [4], dtype: 'bool' },
      ],
      build: apply,
      exact: true,
      gradients: false,
    }),
  ),
  ...[[1], [65], [3, 8]].map(
    (shape): OpCase => ({
      op: 'logicalNot',
      name: `[${shape}]`,
      inputs: [{ shape, dtype: 'bool' }],
      build: ops.logicalNot,
      exact: true,
      gradients: false,
    }),
  ),
];

const selectCases: OpCase[] = [
  ...(
    [
      [[65], [65], [65]],
      [[5, 1], [4], []],
      [[8], [3, 8], [3, 1]],
    ] as const
  ).map(
    ([condition, a, b]): OpCase => ({
      op: 'select',
      name: `[${condition}] ? [${a}] : [${b}]`,
      inputs: [{ shape: condition, dtype: 'bool' }, { shape: a }, { shape: b }],
      build: ops.select,
      exact: true,
    }),
  ),
  ...(['int32', 'uint32', 'bool'] as const).map(
    (dtype): OpCase => ({
      op: 'select',
      name: dtype,
      inputs: [
        { shape: [6], dtype: 'bool' },
        { shape: [4, 6], dtype },
        { shape: [6], dtype },
      ],
      build: ops.select,
      exact: true,
      gradients: false,
    }),
  ),
  {
    op: 'select',
    name: 'numbers as branches',
    inputs: [{ shape: [3, 4] }],
    build: (x) => [ops.select(ops.greater(x, 0), x, 0), ops.select(ops.less(x, 0), 2, x)],
    exact: true,
  },
];

const FRACTIONS = [
  -3e9, -2147483648, -65536.5, -2.75, -1, -0.5, 0, 0.5, 1, 2.75, 65536.5, 2147483520, 3e9, 5e9,
];

const CAST_FILLS: Readonly<Record<DType, readonly number[]>> = {
  float32: FRACTIONS,
  int32: INT_EDGES,
  uint32: UINT_EDGES,
  bool: [0, 1, 1, 0, 1],
  uint8: [0, 1, 127, 128, 255],
};

const castCases: OpCase[] = (Object.keys(CAST_FILLS) as DType[]).flatMap((dtype) => {
  const fill = CAST_FILLS[dtype];
  const targets = (['float32', 'int32', 'uint32', 'bool'] as const).filter((target) => target !== dtype);
  const convert = (x: Value): Value[] => targets.map((target) => ops.cast(x, target));
  return [
    {
      op: 'cast',
      name: `${dtype} edges to all others`,
      inputs: [{ shape: [fill.length], dtype, fill }],
      build: convert,
      gradients: false,
    },
    {
      op: 'cast',
      name: `${dtype} rows of four, and sizes, to all others`,
      inputs: [{ shape: [3, 8], dtype }, ...SIZES.map((size) => ({ shape: [size], dtype }))],
      build: (...inputs) => inputs.flatMap(convert),
      exact: true,
      gradients: false,
    },
  ];
});

const powCases: OpCase[] = [
  {
    op: 'pow',
    name: 'negative bases and zero',
    inputs: [
      { shape: [7, 1], fill: [-8, -2, -1, -0.5, 0, 1, 3] },
      { shape: [5], fill: [0, 1, 2, 3, 5] },
    ],
    build: ops.pow,
    gradients: false,
  },
  {
    op: 'pow',
    name: 'x² of either sign',
    inputs: [{ shape: [3, 5] }],
    build: (x) => ops.pow(x, 2),
    secondOrder: true,
  },
];

/** Several functions in one expression, as fusion meets them. */
const compositeCases: OpCase[] = [
  {
    op: 'mul',
    name: 'a gated unit: x · sigmoid(y + b)',
    inputs: [{ shape: [5, 8] }, { shape: [5, 8] }, { shape: [8] }],
    build: (x, y, b) => ops.mul(x, ops.sigmoid(ops.add(y, b))),
    secondOrder: true,
  },
  {
    op: 'sub',
    name: 'several results of one region',
    inputs: [{ shape: [3, 7] }, { shape: [7] }],
    build: (x, y) => {
      const difference = ops.sub(x, y);
      return [difference, ops.square(difference), ops.greater(difference, 0)];
    },
  },
];

export const cases: OpCase[] = [
  ...UNARY.flatMap((unary) => unaryCases(unary)),
  ...unaryCases(GELU_TANH, ', approximate'),
  ...binaryCases,
  ...numberCases,
  ...integerCases,
  ...comparisonCases,
  ...logicCases,
  ...selectCases,
  ...castCases,
  ...powCases,
  ...compositeCases,
];
