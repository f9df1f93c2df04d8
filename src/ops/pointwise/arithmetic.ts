/**
 * Arithmetic on one or two tensors with NumPy broadcasting. Operands have one dtype; a number takes the dtype of the tensor
 * beside it. Integers wrap on overflow, on the device as in the reference.
 */

import type { Operand, Value } from '../../ir/graph.js';
import type { PointwiseRow } from '../../ir/pointwise.js';
import { greaterEqual, lessEqual } from './comparisons.js';
import { applyRow } from './op.js';
import { defineRow, literal, NUMBERS, SIGNED, sameDtype } from './row.js';
import { select } from './select.js';

type Pair = readonly number[];

const addRow = defineRow({
  name: 'add',
  arity: 2,
  dtype: sameDtype('add', NUMBERS),
  wgsl: ([a, b]) => `${a} + ${b}`,
  js: ([a = 0, b = 0]) => a + b,
  slopes: () => [1, 1],
  vjp: (dy) => [dy, dy],
});

const subRow = defineRow({
  name: 'sub',
  arity: 2,
  dtype: sameDtype('sub', NUMBERS),
  wgsl: ([a, b]) => `${a} - ${b}`,
  js: ([a = 0, b = 0]) => a - b,
  slopes: () => [1, 1],
  vjp: (dy) => [dy, neg(dy)],
});

const mulRow = defineRow({
  name: 'mul',
  arity: 2,
  dtype: sameDtype('mul', NUMBERS),
  wgsl: ([a, b]) => `${a} * ${b}`,
  js: ([a = 0, b = 0], _, { result }) => (result === 'float32' ? a * b : Math.imul(a, b)),
  slopes: ([a = 0, b = 0]) => [Math.abs(b), Math.abs(a)],
  vjp: (dy, [a, b]) => [b ? mul(dy, b) : null, a ? mul(dy, a) : null],
});

const divRow = defineRow({
  name: 'div',
  arity: 2,
  dtype: sameDtype('div', NUMBERS),
  wgsl: ([a, b]) => `${a} / ${b}`,
  js([a = 0, b = 0], _, { result }) {
    if (result === 'float32') return a / b;
    return b === 0 ? a : Math.trunc(a / b); // x / 0 = x, as WGSL has it
  },
  slopes: ([a = 0, b = 0]) => [1 / Math.abs(b), Math.abs(a) / (b * b)],
  vjp: (dy, [, b], y) => {
    if (!b) return [];
    const da = div(dy, b);
    return [da, neg(mul(da, y))];
  },
});

/** |max(a + ea, b + eb) − max(a, b)|: the winner's error, or the larger one where either may win. */
function winnersError([a = 0, b = 0]: Pair, [ea = 0, eb = 0]: Pair, aWins: boolean): number {
  if (Math.abs(a - b) <= ea + eb) return Math.max(ea, eb);
  return aWins ? ea : eb;
}

const maximumRow = defineRow({
  name: 'maximum',
  arity: 2,
  dtype: sameDtype('maximum', NUMBERS),
  wgsl: ([a, b]) => `max(${a}, ${b})`,
  js: ([a = 0, b = 0]) => Math.max(a, b),
  slopes: ([a = 0, b = 0]) => (a >= b ? [1, 0] : [0, 1]),
  carried: (args, errors) => winnersError(args, errors, (args[0] ?? 0) > (args[1] ?? 0)),
  vjp(dy, [a, b]) {
    if (!a || !b) return [];
    const first = greaterEqual(a, b);
    return [select(first, dy, 0), select(first, 0, dy)];
  },
});

const minimumRow = defineRow({
  name: 'minimum',
  arity: 2,
  dtype: sameDtype('minimum', NUMBERS),
  wgsl: ([a, b]) => `min(${a}, ${b})`,
  js: ([a = 0, b = 0]) => Math.min(a, b),
  slopes: ([a = 0, b = 0]) => (a <= b ? [1, 0] : [0, 1]),
  carried: (args, errors) => winnersError(args, errors, (args[0] ?? 0) < (args[1] ?? 0)),
  vjp(dy, [a, b]) {
    if (!a || !b) return [];
    const first = lessEqual(a, b);
    return [select(first, dy, 0), select(first, 0, dy)];
  },
});

const negRow = defineRow({
  name: 'neg',
  arity: 1,
  dtype: sameDtype('neg', SIGNED),
  wgsl: ([x]) => `-${x}`,
  js: ([x = 0]) => -x,
  slopes: () => [1],
  vjp: (dy) => [neg(dy)],
});

const absRow = defineRow({
  name: 'abs',
  arity: 1,
  dtype: sameDtype('abs', SIGNED),
  wgsl: ([x]) => `abs(${x})`,
  js: ([x = 0]) => Math.abs(x),
  slopes: () => [1],
  vjp: (dy, [x]) => [x ? mul(dy, sign(x)) : null],
});

const signRow = defineRow({
  name: 'sign',
  arity: 1,
  dtype: sameDtype('sign', SIGNED),
  wgsl: ([x]) => `sign(${x})`,
  js: ([x = 0]) => Math.sign(x),
  slopes: () => [0],
  carried: ([x = 0], [error = 0]) => (Math.abs(x) <= error ? 2 : 0),
  cheap: true,
});

const floorRow = defineRow({
  name: 'floor',
  arity: 1,
  dtype: sameDtype('floor', ['float32']),
  wgsl: ([x]) => `floor(${x})`,
  js: ([x = 0]) => Math.floor(x),
  slopes: () => [0],
  carried: ([x = 0], [error = 0]) => Math.floor(x + error) - Math.floor(x - error),
});

const squareRow = defineRow({
  name: 'square',
  arity: 1,
  dtype: sameDtype('square', NUMBERS),
  wgsl: ([x]) => `${x} * ${x}`,
  js: ([x = 0], _, { result }) => (result === 'float32' ? x * x : Math.imul(x, x)),
  slopes: ([x = 0]) => [2 * Math.abs(x)],
  vjp: (dy, [x]) => [x ? mul(dy, mul(x, 2)) : null],
});

const reciprocalRow = defineRow({
  name: 'reciprocal',
  arity: 1,
  dtype: sameDtype('reciprocal', ['float32']),
  wgsl: ([x], context) => `${literal(1, 'float32', context)} / ${x}`,
  js: ([x = 0]) => 1 / x,
  slopes: ([x = 0]) => [1 / (x * x)],
  vjp: (dy, _, y) => [neg(mul(dy, square(y)))],
});

export const ARITHMETIC_ROWS: readonly PointwiseRow[] = [
  addRow,
  subRow,
  mulRow,
  divRow,
  maximumRow,
  minimumRow,
  negRow,
  absRow,
  signRow,
  floorRow,
  squareRow,
  reciprocalRow,
];

/** a + b, broadcast. float32, int32 or uint32. Throws a `HeddleError` where shapes or dtypes do not fit. */
export const add = (a: Operand, b: Operand): Value => applyRow(addRow, [a, b]);

/** a − b, broadcast. float32, int32 or uint32. */
export const sub = (a: Operand, b: Operand): Value => applyRow(subRow, [a, b]);

/** a · b, broadcast. float32, int32 or uint32. */
export const mul = (a: Operand, b: Operand): Value => applyRow(mulRow, [a, b]);

/** a / b, broadcast. Integers divide towards zero, and x / 0 is x for them. */
export const div = (a: Operand, b: Operand): Value => applyRow(divRow, [a, b]);

/** The larger of a and b, broadcast. Where they are equal, the gradient goes to `a`, as in TensorFlow. */
export const maximum = (a: Operand, b: Operand): Value => applyRow(maximumRow, [a, b]);

/** The smaller of a and b, broadcast. Where they are equal, the gradient goes to `a`, as in TensorFlow. */
export const minimum = (a: Operand, b: Operand): Value => applyRow(minimumRow, [a, b]);

/** −x, for float32 and int32. */
export const neg = (x: Operand): Value => applyRow(negRow, [x]);

/** |x|, for float32 and int32. Gradient dy · sign(x), 0 at 0. */
export const abs = (x: Operand): Value => applyRow(absRow, [x]);

/** −1, 0 or 1 in the dtype of x (float32 or int32). No gradient flows. */
export const sign = (x: Operand): Value => applyRow(signRow, [x]);

/** The largest integer ≤ x, as float32. No gradient flows. */
export const floor = (x: Operand): Value => applyRow(floorRow, [x]);

/** x². float32, int32 or uint32. */
export const square = (x: Operand): Value => applyRow(squareRow, [x]);

/** 1 / x, float32. */
export const reciprocal = (x: Operand): Value => applyRow(reciprocalRow, [x]);
