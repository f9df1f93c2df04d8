/** The elementwise table and its public functions. */

import type { PointwiseRow } from '../../ir/pointwise.js';
import { ACTIVATION_ROWS } from './activations.js';
import { ARITHMETIC_ROWS } from './arithmetic.js';
import { COMPARISON_ROWS } from './comparisons.js';
import { ELEMENTARY_ROWS } from './elementary.js';
import { RANDOM_ROWS } from './random.js';
import { SELECT_ROWS } from './select.js';
import { STANDARD_ROWS } from './standard.js';

/** Every row, for tests that iterate the table. */
export const POINTWISE_ROWS: readonly PointwiseRow[] = [
  ...ARITHMETIC_ROWS,
  ...COMPARISON_ROWS,
  ...ELEMENTARY_ROWS,
  ...ACTIVATION_ROWS,
  ...SELECT_ROWS,
  ...STANDARD_ROWS,
  ...RANDOM_ROWS,
];

export { erf, type GeluOptions, gelu, relu, sigmoid, softplus, tanh } from './activations.js';
export {
  abs,
  add,
  div,
  floor,
  maximum,
  minimum,
  mul,
  neg,
  reciprocal,
  sign,
  square,
  sub,
} from './arithmetic.js';
export {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
} from './comparisons.js';
export { exp, log, pow, sqrt } from './elementary.js';
export { pointwiseOp } from './op.js';
export {
  type BernoulliOptions,
  bernoulli,
  type DropoutOptions,
  dropout,
  gumbel,
  type NormalOptions,
  normal,
  type RandomOptions,
  randomBits,
  type UniformOptions,
  uniform,
} from './random.js';
export { cast, select, stopGradient } from './select.js';
export { standardized } from './standard.js';
