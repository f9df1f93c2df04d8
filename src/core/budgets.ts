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

/** ULPs of each elementwise function at `args`; functions that are not listed are exact. */
export const ELEMENTWISE_ULPS: Readonly<Record<string, (args: readonly number[]) => number>> = {
  add: () => 1, // correctly rounded [WGSL]; 1 where it is contracted with its neighbour
  sub: () => 1,
  mul: () => 1,
  div: () => 2.5, // [WGSL]
  exp: ([x = 0]) => 3 + 2 * Math.abs(x), // [WGSL]
  sqrt: () => 4, // 1 / inverseSqrt (2) with a division (2.5) [WGSL]
  square: () => 1,
};

/** c(n) of accumulating ops: n − 1 additions and one multiplication, each within one rounding [Higham]. */
export const ACCUMULATION: Readonly<Record<string, (n: number) => number>> = {
  matmul: (n) => 2 * n, // 2K [WebNN]
  sum: (n) => n,
  mean: (n) => n + 2,
};
