/** Tolerances of outside oracles. Heddle's own budgets come from the reference (`src/reference/budget.ts`). */

/** A tolerance in units of the last place, or absolute. */
export type Tolerance = { readonly ulp: number } | { readonly absolute: number };

/** The largest |error| over what `tolerance` allows; 0 means equal everywhere, above 1 a fault. */
export function toleranceRatio(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    const [error, allowed] =
      'ulp' in tolerance ? [ulpDistance(a, e), tolerance.ulp] : [Math.abs(a - e), tolerance.absolute];
    if (error === 0) continue;
    const ratio = error / allowed;
    worst = Math.max(worst, Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio);
  }
  return worst;
}

const bits = new DataView(new ArrayBuffer(4));

/** How many float32 numbers lie from `a` to `b`; NaN is infinitely far from all. */
export function ulpDistance(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.POSITIVE_INFINITY;
  const place = (value: number): number => {
    bits.setFloat32(0, value);
    const word = bits.getInt32(0);
    return word < 0 ? -(word & 0x7fffffff) : word;
  };
  return Math.abs(place(a) - place(b));
}
