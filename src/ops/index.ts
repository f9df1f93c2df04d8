/** The public ops: functions from values to values. One line per family; op definitions stay inside. */

export { categorical } from './categorical.js';
export { conv1d, conv2d, depthwiseConv2d, separableConv2d } from './convolution/convolution.js';
export { conv2dTranspose } from './convolution/transpose.js';
export { sigmoidCrossentropy, softmaxCrossentropy, sparseSoftmaxCrossentropy } from './crossentropy.js';
export { gather } from './indexing/gather.js';
export { oneHot } from './indexing/one-hot.js';
export { matmul } from './matmul.js';
export { concat, split, stack } from './movement/concat.js';
export { pad, slice } from './movement/slice.js';
export { transpose } from './movement/transpose.js';
export { standardize } from './normalization.js';
export {
  abs,
  add,
  bernoulli,
  cast,
  div,
  dropout,
  equal,
  erf,
  exp,
  floor,
  gelu,
  greater,
  greaterEqual,
  gumbel,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  normal,
  notEqual,
  pow,
  randomBits,
  reciprocal,
  relu,
  select,
  sigmoid,
  sign,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  uniform,
} from './pointwise/index.js';
export { averagePool } from './pooling/average.js';
export { maxPool } from './pooling/max.js';
export { gru, lstm, simpleRNN } from './recurrent/recurrent.js';
export { argMax, max, mean, min } from './reduce.js';
export { affineSample } from './resize/affine-sample.js';
export { upSampling } from './resize/up-sampling.js';
export { logSoftmax, softmax } from './softmax.js';
export { broadcastTo, expandDims, flatten, reshape, squeeze, sum, sumTo } from './structural.js';
