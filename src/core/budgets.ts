/**
 * How far a correct device may be from the exact result. A result's budget is c(n)·ε·Σ|terms|, with ε = 2⁻²⁴·2 and n the
 * number of terms accumulated. All constants stand here, with their source.
 *
 * Sources: [WGSL] the accuracy table of the WGSL specification; [WebNN] the tolerances of the W3C conformance tests;
 * [Higham] "Accuracy and Stability of Numerical Algorithms", §3.1 and §4.2.
 */

/** Distance from 1 to the next float32. */
export const EPSILON = 2 ** -23;

/** Below this magnitude float32 is subnormal, and a device may flush to zero [WGSL]. */
export const SMALLEST_NORMAL = 2 ** -126;

/**
 * ULPs of each elementwise function at `args`; functions that are not listed are exact. [derived] sums the entries of [WGSL] over the
 * function's formula in `src/ops/pointwise`, each weighted by how far it moves the result, and rounds up.
 */
export const ELEMENTWISE_ULPS: Readonly<Record<string, (args: readonly number[]) => number>> = {
  add: () => 1, // correctly rounded [WGSL]; 1 where it is contracted with its neighbour
  sub: () => 1,
  mul: () => 1,
  square: () => 1,
  standardized: () => 2, // a difference and a product
  div: () => 2.5, // [WGSL]
  reciprocal: () => 2.5, // a division [WGSL]
  sqrt: () => 4, // 1 / inverseSqrt (2) with a division (2.5) [WGSL]
  exp: ([x = 0]) => 3 + 2 * Math.abs(x), // [WGSL]
  log: ([x = 1]) => logUlps(x),
  pow: ([x = 1, y = 1]) => powUlps(Math.log2(Math.abs(x)), y),
  sigmoid: ([x = 0]) => 7 + 2 * Math.max(0, -x), // exp, division, sum [derived]; a constant 34 in [WebNN]
  tanh: () => 10, // at |x| = 0.65, where 1 − 2 / (e^2x + 1) takes over from the polynomial [derived]
  softplus: ([x = 0]) => 10 + 2 * Math.max(0, -x), // exp, division, series [derived]
  erf: () => 6, // at |x| = 0.85, where 1 − erfc takes over from the polynomial [derived]
  normalCdf: ([x = 0]) => normalCdfUlps(x),
  gelu: ([x = 0]) => normalCdfUlps(x) + 1,
  geluTanh: ([x = 0]) => 9 + 5 * Math.max(0, -x) * (1.6 + 0.0714 * x * x), // sigmoid of a product of 3 ULP [derived]
  cast_float32: ([x = 0]) => (Math.abs(x) > 2 ** 24 ? 1 : 0), // integers beyond the significand [WGSL]
  randomNormal: () => 18, // √ of a logarithm of 14 ULP, times a polynomial cosine of 4 [derived]
};

/** 3 ULP outside [0.5, 2], 2⁻²¹ absolute within [WGSL], and the series of `src/ops/pointwise/elementary.ts` near 1 [derived]. */
function logUlps(x: number): number {
  if (x > 0.75 && x < 1.5) return 6;
  return x >= 0.5 && x <= 2 ? 2 ** -21 / (EPSILON * Math.abs(Math.log(x))) : 3;
}

/** 2^(y·log2 x): exp2's 3 + 2 |y·log2 x|, and log2's own error times y·ln 2 [WGSL]. */
function powUlps(log2x: number, y: number): number {
  if (!Number.isFinite(log2x)) return 0;
  const power = Math.abs(y * log2x);
  const logarithm = Math.abs(log2x) <= 1 ? 2 ** -21 / EPSILON : 3 * Math.abs(log2x);
  return 3 + 2 * power + Math.LN2 * (Math.abs(y) * logarithm + power);
}

/** exp(−x²/2) with a rounded exponent, and 9 ULP of division and polynomial; one half of it at most for x ≥ 0 [derived]. */
const normalCdfUlps = (x: number): number => 12 + (x < 0 ? 2.5 * x * x : 0);

/** c(n) of accumulating ops: n − 1 additions and one multiplication, each within one rounding [Higham]. */
export const ACCUMULATION: Readonly<Record<string, (n: number) => number>> = {
  matmul: (n) => 2 * n, // 2K [WebNN]
  matmulWithColumnSum: (n) => 2 * n,
  conv2d: (n) => 2 * n, // 2·kh·kw·C / groups [WebNN]
  conv2dInputGradient: (n) => 2 * n,
  conv2dFilterGradient: (n) => 2 * n,
  conv2dFilterGradientWithColumnSum: (n) => 2 * n,
  sum: (n) => n,
  max: () => 0, // one of the elements, unchanged
  min: () => 0,
  argMax: () => 0,
  softmax: (n) => n + 9 + 2 * Math.log(n), // n additions, exp twice (3 + 2|d|, its share Σp·|d| ≤ ln n), a division [WGSL]
  logSoftmax: (n) => n + 8 + 2 * Math.log(n), // as softmax; 2⁻²¹ for log near 1 in place of the division [WGSL]
  sparseSoftmaxCrossentropy: (n) => n + 10 + 2 * Math.log(n), // as softmax, one product and one difference more
  softmaxCrossentropy: (n) => 2 * n + 10 + 2 * Math.log(n), // two more sums of n terms
  gatherGradient: (n) => n, // a sum in a fixed order
  maxPoolGradient: (n) => n - 1, // a sum in a fixed order; side by side, windows add nothing up
  averagePool: (n) => n + 3, // a sum and a division (2.5) [WGSL]
  averagePoolGradient: (n) => n + 3,
  affineSample: (n) => n, // three roundings of a place, three interpolations; its `magnitude` weighs a place by its terms
  // Their `magnitude` is the whole bound: roundings and ULPs above, carried through the steps [derived].
  simpleRnnSequence: () => 1,
  gruSequence: () => 1,
  lstmSequence: () => 1,
  simpleRnnSequenceGradient: () => 1,
  gruSequenceGradient: () => 1,
  lstmSequenceGradient: () => 1,
  recurrentWeightGradient: (n) => 2 * n, // as a matmul over all rows and steps
  trainingTail: (n) => n + 3, // a sum, a division (2.5) [WGSL]
  adam: () => 5, // a product and two additions per moment; its `magnitude` weighs the step by its own roundings
  sgd: () => 4, // two products and two additions
};
