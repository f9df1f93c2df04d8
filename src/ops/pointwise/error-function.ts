/**
 * The error function, its complement and the normal distribution, in plain arithmetic.
 *
 *   |x| < 0.85   erf x = x · P(x²)                                P of degree 5, relative error 6.1e-9
 *   |x| ≥ 0.85   erf x = sign x · (1 − erfc |x|)
 *   z ≥ 0        erfc z = e^(−z²) · t · Q(t),  t = 1 / (1 + 0.4 z)   Q of degree 9, relative error 9.0e-9 up to z = 10.5,
 *                                                                 beyond which erfc has left float32
 * The polynomials are minimax fits (Remez) to the functions in double precision. e^(−z²) needs no split of z²: its rounding
 * costs z² / 2 ULP, beside the 2 z² that WGSL's `exp` itself may be wrong by.
 */

import type { WgslContext } from '../../ir/pointwise.js';
import { helperFunction, helperName, horner } from './row.js';

const P = [1.1283791602, -0.37612571837, 0.112827174, -0.026802547745, 0.0050510947841, -0.00063151291153];
const Q = [
  0.22570367557, 0.22501526891, 0.21439077528, 0.13215627416, 0.26487424978, -0.27092380884, 0.53122722525,
  -0.48662868988, 0.19282182864, -0.028636789828,
];

/** WGSL `erfc_positive(x)`, x ≥ 0. */
const erfcPositive = (context: WgslContext): string =>
  helperFunction(
    'erfc_positive',
    context,
    (T) => `
  let z = min(x, ${T}(10.5));
  let t = ${T}(1) / fma(z, ${T}(0.4), ${T}(1));
  return exp(-z * z) * t * (${horner('t', Q, T)});`,
  );

/** WGSL `erf(x)` and what it calls. */
export const erfHelpers = (context: WgslContext): string[] => [
  erfcPositive(context),
  helperFunction(
    'erf',
    context,
    (T) => `
  let size = min(abs(x), ${T}(10));
  let near = size * (${horner('(size * size)', P, T)});
  let far = ${T}(1) - ${helperName('erfc_positive', context)}(size);
  return sign(x) * select(far, near, size < ${T}(0.85));`,
  ),
];

/** WGSL `normal_cdf(x)`: Φ(x) = erfc(−x / √2) / 2, without cancellation on either side. */
export const normalCdfHelpers = (context: WgslContext): string[] => [
  erfcPositive(context),
  helperFunction(
    'normal_cdf',
    context,
    (T) => `
  let tail = ${T}(0.5) * ${helperName('erfc_positive', context)}(abs(x) * ${T}(${Math.SQRT1_2}));
  return select(${T}(1) - tail, tail, x < ${T}(0));`,
  ),
];

/** erf in double precision, from its series (small x) and the continued fraction of erfc (large x). */
export function erfOf(x: number): number {
  if (Math.abs(x) > 2.5) return Math.sign(x) * (1 - erfcOf(Math.abs(x)));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** erfc in double precision, precise relative to itself for large x. */
export function erfcOf(x: number): number {
  if (x <= 2.5) return 1 - erfOf(x);
  let fraction = 0;
  for (let k = 200; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** Φ in double precision. */
export const normalCdfOf = (x: number): number => 0.5 * erfcOf(-x * Math.SQRT1_2);

/** Density of the standard normal distribution. */
export const normalPdfOf = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
