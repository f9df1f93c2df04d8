/** Exponentials, logarithms, roots and powers of float32. */

import type { Operand, Value } from '../../ir/graph.js';
import type { PointwiseRow, WgslContext } from '../../ir/pointwise.js';
import { div, mul, sub } from './arithmetic.js';
import { greater } from './comparisons.js';
import { applyRow } from './op.js';
import { defineRow, FLOATS, helperFunction, helperName, horner, sameDtype } from './row.js';
import { select } from './select.js';

const expRow = defineRow({
  name: 'exp',
  arity: 1,
  dtype: sameDtype('exp', FLOATS),
  wgsl: ([x]) => `exp(${x})`,
  js: ([x = 0]) => Math.exp(x),
  slopes: ([x = 0]) => [Math.exp(x)],
  vjp: (dy, _, y) => [mul(dy, y)],
});

/**
 * WGSL's own `log` may be wrong by 2⁻²¹ near 1, where the result is near 0. There log x = 2 artanh s with s = (x − 1) / (x + 1),
 * |s| ≤ 0.2, and the series in s² has all its precision.
 */
const LOG_SERIES = [2, 2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11];

/** WGSL `log_accurate(x)`. Some adapters give log 0 = −88 and log −1 = 0, which would hide a fault: these become −∞ and NaN. */
export const logHelpers = (context: WgslContext): string[] => [
  helperFunction(
    'log_accurate',
    context,
    (T) => `
  let s = (x - ${T}(1)) / (x + ${T}(1));
  let near = s * (${horner('(s * s)', LOG_SERIES, T)});
  let defined = select(log(x), near, (x > ${T}(0.75)) & (x < ${T}(1.5)));
  return select(defined, sqrt(x) - ${T}(1) / abs(x), x <= ${T}(0));`,
  ),
];

const logRow = defineRow({
  name: 'log',
  arity: 1,
  dtype: sameDtype('log', FLOATS),
  helpers: logHelpers,
  wgsl: ([x], context) => `${helperName('log_accurate', context)}(${x})`,
  js: ([x = 0]) => Math.log(x),
  slopes: ([x = 0]) => [1 / Math.abs(x)],
  vjp: (dy, [x]) => [x ? div(dy, x) : null],
});

const sqrtRow = defineRow({
  name: 'sqrt',
  arity: 1,
  dtype: sameDtype('sqrt', FLOATS),
  wgsl: ([x]) => `sqrt(${x})`,
  js: ([x = 0]) => Math.sqrt(x),
  slopes: ([x = 0]) => [0.5 / Math.sqrt(x)],
  carried: ([x = 0], [error = 0]) => Math.sqrt(x + error) - Math.sqrt(Math.max(0, x - error)),
  vjp: (dy, _, y) => [mul(dy, div(0.5, y))],
});

const powRow = defineRow({
  name: 'pow',
  arity: 2,
  dtype: sameDtype('pow', FLOATS),
  // WGSL's `pow` has no value for a negative base: |x|^y there, with the sign of an odd y.
  helpers: (context) => [
    helperFunction(
      'pow_signed',
      context,
      (T) => `
  let size = select(exp2(y * log2(abs(x))), select(${T}(0), ${T}(1), y == ${T}(0)), x == ${T}(0));
  let odd = abs(y - ${T}(2) * floor(y * ${T}(0.5))) == ${T}(1);
  return select(size, -size, (x < ${T}(0)) & odd);`,
      ['x', 'y'],
    ),
  ],
  wgsl: ([x, y], context) => `${helperName('pow_signed', context)}(${x}, ${y})`,
  js: ([x = 0, y = 0]) => x ** y,
  slopes: ([x = 0, y = 0]) => [Math.abs(y * x ** (y - 1)), x > 0 ? Math.abs(x ** y * Math.log(x)) : 0],
  vjp(dy, [x, y], result) {
    if (!x || !y) return [];
    const positive = greater(x, 0);
    const logarithm = select(positive, log(select(positive, x, 1)), 0);
    return [mul(dy, mul(y, pow(x, sub(y, 1)))), mul(dy, mul(result, logarithm))];
  },
});

export const ELEMENTARY_ROWS: readonly PointwiseRow[] = [expRow, logRow, sqrtRow, powRow];

/** eˣ. float32; overflows above 88.7. */
export const exp = (x: Operand): Value => applyRow(expRow, [x]);

/** Natural logarithm of x > 0, with full relative precision near 1. */
export const log = (x: Operand): Value => applyRow(logRow, [x]);

/** √x for x ≥ 0. */
export const sqrt = (x: Operand): Value => applyRow(sqrtRow, [x]);

/**
 * xʸ, broadcast. A negative x needs an integer y; 0⁰ is 1; 0 to a negative power is not defined on every device. The gradient to y
 * is 0 where x ≤ 0.
 */
export const pow = (x: Operand, y: Operand): Value => applyRow(powRow, [x, y]);
