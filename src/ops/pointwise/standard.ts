/**
 * (x − μ) · r as one row. Its value is as large as x, and forward and backward pass use it several times over: marked as cheap, it is made
 * again in each kernel that needs it, while sub() and mul() would be stored.
 */

import type { Operand, Value } from '../../ir/graph.js';
import type { PointwiseRow } from '../../ir/pointwise.js';
import { mul, neg, sub } from './arithmetic.js';
import { applyRow } from './op.js';
import { defineRow, FLOATS, sameDtype } from './row.js';

const standardizedRow = defineRow({
  name: 'standardized',
  arity: 3,
  dtype: sameDtype('standardized', FLOATS),
  wgsl: ([x, mean, r]) => `(${x} - ${mean}) * ${r}`,
  js: ([x = 0, mean = 0, r = 0]) => (x - mean) * r,
  slopes: ([x = 0, mean = 0, r = 0]) => [Math.abs(r), Math.abs(r), Math.abs(x - mean)],
  vjp(dy, [x, mean, r]) {
    if (!x || !mean || !r) return [];
    const dx = mul(dy, r);
    return [dx, neg(dx), mul(dy, sub(x, mean))];
  },
  cheap: true,
});

export const STANDARD_ROWS: readonly PointwiseRow[] = [standardizedRow];

/** (x − mean) · r, broadcast. float32. */
export const standardized = (x: Operand, mean: Operand, r: Operand): Value =>
  applyRow(standardizedRow, [x, mean, r]);
