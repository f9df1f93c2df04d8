/**
 * Activations of float32, each stable over the whole range and built from `exp` and polynomials alone, because WGSL's own
 * `tanh` overflows on some drivers. Gradients of relu, sigmoid and tanh are made of the OUTPUT, so that a network need not
 * keep what went in.
 */

import { rejectUnknownOptions } from '../../core/errors.js';
import type { Operand, Value } from '../../ir/graph.js';
import type { PointwiseRow } from '../../ir/pointwise.js';
import { add, mul, neg, square, sub } from './arithmetic.js';
import { greater } from './comparisons.js';
import { exp } from './elementary.js';
import { erfHelpers, erfOf, normalCdfHelpers, normalCdfOf, normalPdfOf } from './error-function.js';
import { applyRow } from './op.js';
import { defineRow, FLOATS, helperFunction, helperName, horner, literal, SIGNED, sameDtype } from './row.js';
import { select } from './select.js';

const reluRow = defineRow({
  name: 'relu',
  arity: 1,
  dtype: sameDtype('relu', SIGNED),
  wgsl: ([x], context) => `max(${x}, ${literal(0, context.result, context)})`,
  js: ([x = 0]) => Math.max(x, 0),
  slopes: ([x = 0]) => [x > 0 ? 1 : 0],
  carried: ([x = 0], [error = 0]) => Math.max(x + error, 0) - Math.max(x - error, 0),
  vjp: (dy, _, y) => [select(greater(y, 0), dy, 0)],
});

const logistic = (x: number): number => {
  const small = Math.exp(-Math.abs(x));
  return (x < 0 ? small : 1) / (1 + small);
};

const sigmoidRow = defineRow({
  name: 'sigmoid',
  arity: 1,
  dtype: sameDtype('sigmoid', FLOATS),
  helpers: (context) => [
    helperFunction(
      'sigmoid',
      context,
      (T) => `
  let small = exp(-abs(x));
  return select(${T}(1), small, x < ${T}(0)) / (${T}(1) + small);`,
    ),
  ],
  wgsl: ([x], context) => `${helperName('sigmoid', context)}(${x})`,
  js: ([x = 0]) => logistic(x),
  slopes: ([x = 0]) => [logistic(x) * logistic(-x)],
  vjp: (dy, _, y) => [mul(dy, mul(y, sub(1, y)))],
});

/** (tanh x − x) / x³ as a polynomial in x², |x| ≤ 0.65; minimax, relative error of the result 6.8e-9. */
const TANH = [-0.33333259848, 0.13330830347, -0.05368802321, 0.02046942015, -0.00551516412];

const tanhRow = defineRow({
  name: 'tanh',
  arity: 1,
  dtype: sameDtype('tanh', FLOATS),
  // Beyond 10, tanh rounds to ±1; the clamp keeps `exp` finite.
  helpers: (context) => [
    helperFunction(
      'tanh_stable',
      context,
      (T) => `
  let size = min(abs(x), ${T}(10));
  let square = size * size;
  let near = fma(size * square, ${horner('square', TANH, T)}, size);
  let far = ${T}(1) - ${T}(2) / (exp(${T}(2) * size) + ${T}(1));
  return sign(x) * select(far, near, size < ${T}(0.65));`,
    ),
  ],
  wgsl: ([x], context) => `${helperName('tanh_stable', context)}(${x})`,
  js: ([x = 0]) => Math.tanh(x),
  slopes: ([x = 0]) => [1 - Math.tanh(x) ** 2],
  vjp: (dy, _, y) => [mul(dy, sub(1, square(y)))],
});

/** log(1 + e) = 2 artanh(e / (2 + e)); for e in (0, 1] the series in s² ≤ 1/9 is done after nine terms. */
const ARTANH = Array.from({ length: 9 }, (_, term) => 2 / (2 * term + 1));

const softplusRow = defineRow({
  name: 'softplus',
  arity: 1,
  dtype: sameDtype('softplus', FLOATS),
  helpers: (context) => [
    helperFunction(
      'softplus',
      context,
      (T) => `
  let small = exp(-abs(x));
  let s = small / (${T}(2) + small);
  return fma(s, ${horner('(s * s)', ARTANH, T)}, max(x, ${T}(0)));`,
    ),
  ],
  wgsl: ([x], context) => `${helperName('softplus', context)}(${x})`,
  js: ([x = 0]) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  slopes: ([x = 0]) => [logistic(x)],
  vjp: (dy, [x]) => [x ? mul(dy, sigmoid(x)) : null],
});

const erfRow = defineRow({
  name: 'erf',
  arity: 1,
  dtype: sameDtype('erf', FLOATS),
  helpers: erfHelpers,
  wgsl: ([x], context) => `${helperName('erf', context)}(${x})`,
  js: ([x = 0]) => erfOf(x),
  slopes: ([x = 0]) => [(2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)],
  vjp: (dy, [x]) => [x ? mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))) : null],
});

/** Φ(x): part of gelu and of its gradient. */
const normalCdfRow = defineRow({
  name: 'normalCdf',
  arity: 1,
  dtype: sameDtype('normalCdf', FLOATS),
  helpers: normalCdfHelpers,
  wgsl: ([x], context) => `${helperName('normal_cdf', context)}(${x})`,
  js: ([x = 0]) => normalCdfOf(x),
  slopes: ([x = 0]) => [normalPdfOf(x)],
  vjp: (dy, [x]) => [x ? mul(dy, normalPdf(x)) : null],
});

const normalPdf = (x: Value): Value => mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
const normalCdf = (x: Value): Value => applyRow(normalCdfRow, [x]);

const geluRow = defineRow({
  name: 'gelu',
  arity: 1,
  dtype: sameDtype('gelu', FLOATS),
  helpers: normalCdfHelpers,
  wgsl: ([x], context) => `${x} * ${helperName('normal_cdf', context)}(${x})`,
  js: ([x = 0]) => x * normalCdfOf(x),
  slopes: ([x = 0]) => [Math.abs(normalCdfOf(x) + x * normalPdfOf(x))],
  vjp: (dy, [x]) => [x ? mul(dy, add(normalCdf(x), mul(x, normalPdf(x)))) : null],
});

/** The tanh form of gelu is x · sigmoid(2 √(2/π) (x + 0.044715 x³)): no cancellation where x is negative. */
const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = LINEAR * 0.044715;
const gate = (x: number): number => logistic(LINEAR * x + CUBIC * x ** 3);

const geluTanhRow = defineRow({
  name: 'geluTanh',
  arity: 1,
  dtype: sameDtype('gelu', FLOATS),
  helpers: (context) => [...(sigmoidRow.helpers?.(context) ?? [])],
  wgsl([x], context) {
    const [linear, cubic] = [LINEAR, CUBIC].map((factor) => literal(factor, 'float32', context));
    return `${x} * ${helperName('sigmoid', context)}(${x} * fma(${x} * ${x}, ${cubic}, ${linear}))`;
  },
  js: ([x = 0]) => x * gate(x),
  slopes: ([x = 0]) => [Math.abs(gate(x) + x * gate(x) * (1 - gate(x)) * (LINEAR + 3 * CUBIC * x * x))],
  vjp(dy, [x]) {
    if (!x) return [];
    const squared = square(x);
    const open = sigmoid(mul(x, add(mul(squared, CUBIC), LINEAR)));
    const slope = mul(x, add(mul(squared, 3 * CUBIC), LINEAR));
    return [mul(dy, mul(open, add(1, mul(slope, sub(1, open)))))];
  },
});

export const ACTIVATION_ROWS: readonly PointwiseRow[] = [
  reluRow,
  sigmoidRow,
  tanhRow,
  softplusRow,
  erfRow,
  normalCdfRow,
  geluRow,
  geluTanhRow,
];

/** max(x, 0), for float32 and int32. Gradient 0 at 0. */
export const relu = (x: Operand): Value => applyRow(reluRow, [x]);

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (x: Operand): Value => applyRow(sigmoidRow, [x]);

/** Hyperbolic tangent. */
export const tanh = (x: Operand): Value => applyRow(tanhRow, [x]);

/** log(1 + eˣ). */
export const softplus = (x: Operand): Value => applyRow(softplusRow, [x]);

/** The error function 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = (x: Operand): Value => applyRow(erfRow, [x]);

export interface GeluOptions {
  /** The form with tanh instead of the normal distribution. Default `false`, as in Keras. */
  readonly approximate?: boolean;
}

/** x · Φ(x), Φ the normal distribution function. */
export function gelu(x: Operand, options: GeluOptions = {}): Value {
  rejectUnknownOptions('gelu', options, ['approximate']);
  return applyRow(options.approximate ? geluTanhRow : geluRow, [x]);
}
