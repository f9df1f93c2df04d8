/** The public initializers: `initializers.glorotUniform()`. */

export { constant, identity, ones, zeros } from './constant.js';
export type { Initializer, InitializerConfig } from './initializer.js';
export { orthogonal } from './orthogonal.js';
export { type NormalOptions, randomNormal, randomUniform, truncatedNormal } from './random.js';
export {
  type FanMode,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  type ScalingDistribution,
  type VarianceScalingOptions,
  varianceScaling,
} from './variance-scaling.js';
