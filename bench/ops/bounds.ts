/**
 * How far a right float32 result may be from the exact one. Every engine sums in an order of its own, and the worst case over all orders,
 * n·ε·Σ|terms|, would forgive a missing term where n is large; so sums get the bound that rounding errors keep to in practice,
 * being as often up as down.
 */

/** Distance from 1 to the next float32. */
export const EPSILON = 2 ** -23;

/** exp(x), a division, 1 / √x, log x: ULP of the accuracy table of the WGSL specification. */
export const expUlps = (x: number): number => 3 + 2 * Math.abs(x);
export const DIVISION_ULPS = 2.5;
export const ROOT_ULPS = 4.5;
export const LOG_ULPS = 3;
/** Absolute, between ½ and 2 [WGSL]. */
export const LOG_ERROR_NEAR_ONE = 2 ** -21;

/** Abramowitz and Stegun 7.1.26, which two of the engines use, is off by 1.5e-7; computed in float32, by some roundings more. */
export const ERF_ERROR = 6e-7;

/**
 * Standard deviations of the error, one after the other summed: u/√3·√Σsₖ² with the partial sums sₖ and u = ε/2 (Higham and Mary, "A new
 * approach to probabilistic rounding error analysis", 2019). Where the terms have no sign in common, sₖ walks at random and √Σsₖ² is
 * about √(n·Σt²/2), rarely four times as much; where they have, it is √(n/3)·Σt.
 */
const WALK = 16;
const DRIFT = 4;

/** What goes into a sum, counted while it is computed exactly. */
export interface Sum {
  n: number;
  sum: number;
  /** Σ terms². */
  squares: number;
}

export const emptySum = (): Sum => ({ n: 0, sum: 0, squares: 0 });

export function addTerm(into: Sum, term: number): void {
  into.n++;
  into.sum += term;
  into.squares += term * term;
}

/** How far the float32 sum of such terms, each rounded once, may be off. */
export const sumError = ({ n, sum, squares }: Sum): number =>
  (EPSILON / 2) * Math.sqrt(n) * (WALK * Math.sqrt(squares) + DRIFT * Math.abs(sum));
