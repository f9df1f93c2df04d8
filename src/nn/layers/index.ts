/** The public layers: `layers.dense({ units: 10 })`. */

export { type InputOptions, input } from '../symbolic.js';
export { type ActivationOptions, activation } from './activation.js';
export { type DenseOptions, dense } from './dense.js';
export { type DropoutOptions, dropout } from './dropout.js';
export { flatten } from './flatten.js';
export { type RescalingOptions, rescaling } from './rescaling.js';
export { type ReshapeOptions, reshape } from './reshape.js';
