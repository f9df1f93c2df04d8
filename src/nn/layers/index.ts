/** The public layers: `layers.dense({ units: 10 })`. */

export { type InputOptions, input } from '../symbolic.js';
export { type ActivationOptions, activation } from './activation.js';
export { type RandomCropOptions, randomCrop } from './augmentation-crop.js';
export { type RandomFlipOptions, randomFlip } from './augmentation-flip.js';
export { type RandomRotationOptions, randomRotation } from './augmentation-rotation.js';
export { type RandomTranslationOptions, randomTranslation } from './augmentation-translation.js';
export { type Conv1dOptions, conv1d } from './conv1d.js';
export { type Conv2dOptions, conv2d } from './conv2d.js';
export { type Conv2dTransposeOptions, conv2dTranspose } from './conv2d-transpose.js';
export { type Cropping2dOptions, cropping2d } from './cropping.js';
export { type DenseOptions, dense } from './dense.js';
export { type DepthwiseConv2dOptions, depthwiseConv2d } from './depthwise-conv2d.js';
export { type DropoutOptions, dropout } from './dropout.js';
export { type EmbeddingOptions, embedding } from './embedding.js';
export { flatten } from './flatten.js';
export { type MaskingOptions, masking } from './masking.js';
export { add, average, maximum, minimum, multiply, subtract } from './merge.js';
export { type ConcatenateOptions, concatenate } from './merge-concatenate.js';
export { type GaussianNoiseOptions, gaussianNoise } from './noise.js';
export { type BatchNormalizationOptions, batchNormalization } from './normalization-batch.js';
export { type GroupNormalizationOptions, groupNormalization } from './normalization-group.js';
export { type LayerNormalizationOptions, layerNormalization } from './normalization-layer.js';
export {
  averagePooling1d,
  averagePooling2d,
  maxPooling1d,
  maxPooling2d,
  type Pooling1dOptions,
  type Pooling2dOptions,
} from './pooling.js';
export {
  type GlobalPoolingOptions,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
} from './pooling-global.js';
export { type BidirectionalOptions, bidirectional, type MergeMode } from './recurrent/bidirectional.js';
export { type GruOptions, gru } from './recurrent/gru.js';
export { type LstmOptions, lstm } from './recurrent/lstm.js';
export { type RnnOptions, rnn } from './recurrent/rnn.js';
export { type SimpleRNNOptions, simpleRNN } from './recurrent/simple-rnn.js';
export { type RepeatVectorOptions, repeatVector } from './repeat-vector.js';
export { type RescalingOptions, rescaling } from './rescaling.js';
export { type ReshapeOptions, reshape } from './reshape.js';
export { type SeparableConv2dOptions, separableConv2d } from './separable-conv2d.js';
export { type TimeDistributedOptions, timeDistributed } from './time-distributed.js';
export { type UpSampling2dOptions, upSampling2d } from './up-sampling.js';
export { type ZeroPadding2dOptions, zeroPadding2d } from './zero-padding.js';
