/** The public constraints: `constraints.maxNorm({ maxValue: 3 })`. */

export {
  type Constraint,
  type MaxNormOptions,
  type MinMaxNormOptions,
  maxNorm,
  minMaxNorm,
  nonNeg,
  unitNorm,
} from './constraint.js';
