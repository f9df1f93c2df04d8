/** Do two kernels give the same result? Floats may differ by rounding, since they sum in different orders. */

import { isFloat } from '../core/dtype.js';
import type { HostTensor } from '../ir/graph.js';

/**
 * Of the largest element. Far above what orders of summation come to (2⁻²³ √n of the typical term's sum), far below a term that is
 * missing from a sum of a million.
 */
const TOLERANCE = 1e-4;

/** Where and how `actual` differs from `expected`, in words; `null` where it is the same result. */
export function difference(expected: HostTensor, actual: HostTensor): string | null {
  const tolerance = isFloat(expected.dtype) ? TOLERANCE * largest(expected) : 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [wanted = NaN, got = NaN] = [expected.data[i], actual.data[i]];
    if (Math.abs(got - wanted) <= tolerance || Object.is(got, wanted)) continue;
    return `element ${i} is ${got}, where another kernel gives ${wanted} (± ${tolerance.toPrecision(3)})`;
  }
  return null;
}

function largest({ data }: HostTensor): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i] ?? 0);
    if (size > most && size < Number.POSITIVE_INFINITY) most = size;
  }
  return most;
}
