/** The public optimizers: `optimizers.adam()`. */

export { type AdamOptions, type AdamWOptions, adam, adamW } from './adam.js';
export type {
  BoundOptimizer,
  Optimizer,
  OptimizerConfig,
  OptimizerStep,
  StepControl,
} from './optimizer.js';
export { type SgdOptions, sgd } from './sgd.js';
