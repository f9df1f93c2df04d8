/** Comparisons of two tensors of one dtype, and logic on their bool results. No gradient flows through any of them. */

import type { Operand, Value } from '../../ir/graph.js';
import type { PointwiseRow } from '../../ir/pointwise.js';
import { applyRow } from './op.js';
import { defineRow, NUMBERS, STORED, sameDtype } from './row.js';

/** A comparison is cheap: storing its mask would cost more than comparing again. */
function comparison(
  name: string,
  operator: string,
  holds: (a: number, b: number) => boolean,
  dtypes = NUMBERS,
): PointwiseRow {
  return defineRow({
    name,
    arity: 2,
    dtype: sameDtype(name, dtypes, 'bool'),
    wgsl: ([a, b]) => `(${a} ${operator} ${b})`,
    js: ([a = 0, b = 0]) => (holds(a, b) ? 1 : 0),
    slopes: () => [0, 0],
    carried: ([a = 0, b = 0], [ea = 0, eb = 0]) => (Math.abs(a - b) <= ea + eb ? 1 : 0),
    cheap: true,
  });
}

/** Wrong operands make a wrong result, whatever the other operand: at most 1. */
const anyError = (_: readonly number[], errors: readonly number[]): number => Math.max(...errors);

const equalRow = comparison('equal', '==', (a, b) => a === b, STORED);
const notEqualRow = comparison('notEqual', '!=', (a, b) => a !== b, STORED);
const lessRow = comparison('less', '<', (a, b) => a < b);
const lessEqualRow = comparison('lessEqual', '<=', (a, b) => a <= b);
const greaterRow = comparison('greater', '>', (a, b) => a > b);
const greaterEqualRow = comparison('greaterEqual', '>=', (a, b) => a >= b);

const logicalAndRow = defineRow({
  name: 'logicalAnd',
  arity: 2,
  dtype: sameDtype('logicalAnd', ['bool']),
  wgsl: ([a, b]) => `(${a} & ${b})`,
  js: ([a = 0, b = 0]) => a * b,
  slopes: () => [1, 1],
  carried: anyError,
  cheap: true,
});

const logicalOrRow = defineRow({
  name: 'logicalOr',
  arity: 2,
  dtype: sameDtype('logicalOr', ['bool']),
  wgsl: ([a, b]) => `(${a} | ${b})`,
  js: ([a = 0, b = 0]) => Math.max(a, b),
  slopes: () => [1, 1],
  carried: anyError,
  cheap: true,
});

const logicalNotRow = defineRow({
  name: 'logicalNot',
  arity: 1,
  dtype: sameDtype('logicalNot', ['bool']),
  wgsl: ([x]) => `!${x}`,
  js: ([x = 0]) => 1 - x,
  slopes: () => [1],
  cheap: true,
});

export const COMPARISON_ROWS: readonly PointwiseRow[] = [
  equalRow,
  notEqualRow,
  lessRow,
  lessEqualRow,
  greaterRow,
  greaterEqualRow,
  logicalAndRow,
  logicalOrRow,
  logicalNotRow,
];

/** a = b as bool, broadcast; numbers or bools of one dtype. */
export const equal = (a: Operand, b: Operand): Value => applyRow(equalRow, [a, b]);

/** a ≠ b as bool, broadcast; numbers or bools of one dtype. */
export const notEqual = (a: Operand, b: Operand): Value => applyRow(notEqualRow, [a, b]);

/** a < b as bool, broadcast. */
export const less = (a: Operand, b: Operand): Value => applyRow(lessRow, [a, b]);

/** a ≤ b as bool, broadcast. */
export const lessEqual = (a: Operand, b: Operand): Value => applyRow(lessEqualRow, [a, b]);

/** a > b as bool, broadcast. */
export const greater = (a: Operand, b: Operand): Value => applyRow(greaterRow, [a, b]);

/** a ≥ b as bool, broadcast. */
export const greaterEqual = (a: Operand, b: Operand): Value => applyRow(greaterEqualRow, [a, b]);

/** a ∧ b of bools, broadcast. */
export const logicalAnd = (a: Value, b: Value): Value => applyRow(logicalAndRow, [a, b]);

/** a ∨ b of bools, broadcast. */
export const logicalOr = (a: Value, b: Value): Value => applyRow(logicalOrRow, [a, b]);

/** ¬x of bools. */
export const logicalNot = (x: Value): Value => applyRow(logicalNotRow, [x]);
