/** Compares what a device computed with the reference, element by element, each within its budget. */

const MAX_FLOAT32 = 2 ** 128 - 2 ** 104;

/** The element that is furthest from the reference for its budget. */
export interface Judgement {
  /** |error| / budget: above 1 is a fault; 0 where there are no elements. */
  readonly worst: number;
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
  readonly budget: number;
}

/** The worst element of `actual`; a difference where no budget allows one, or an infinite budget, counts as infinite. */
export function judge(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  budgets: ArrayLike<number>,
): Judgement {
  if (actual.length !== expected.length || budgets.length !== expected.length) {
    throw new RangeError(
      `cannot compare ${actual.length} elements with ${expected.length} and ${budgets.length} budgets`,
    );
  }
  let worst = 0;
  let index = 0;
  for (let i = 0; i < expected.length; i++) {
    const ratio = errorRatio(actual[i] as number, expected[i] as number, budgets[i] as number);
    if (ratio > worst) {
      worst = ratio;
      index = i;
      if (ratio === Number.POSITIVE_INFINITY) break;
    }
  }
  const at = (list: ArrayLike<number>): number => list[index] ?? 0;
  return { worst, index, actual: at(actual), expected: at(expected), budget: at(budgets) };
}

function errorRatio(actual: number, expected: number, budget: number): number {
  if (!(budget < Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  // The correctly rounded result is right whatever the budget says.
  if (actual === expected || actual === Math.fround(expected)) return 0;
  if (Number.isNaN(actual) && Number.isNaN(expected)) return 0;
  // What does not fit float32 may arrive as infinity.
  const overflows = Math.abs(expected) + budget > MAX_FLOAT32 && Math.sign(actual) === Math.sign(expected);
  if (overflows && Math.abs(actual) === Number.POSITIVE_INFINITY) return 0;
  const ratio = Math.abs(actual - expected) / budget;
  return Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio;
}
