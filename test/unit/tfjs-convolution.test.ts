/**
 * Convolutions, pooling and what changes the size of images, against TensorFlow.js on the CPU, where it is right: the gradient of a
 * dilated convolution throws there, and that of average pooling with `'same'` divides by the whole window at the edge too.
 */

import * as ops from '../../src/ops/index.js';
import { tf } from '../kit/tfjs.js';
import { floats, type OracleRow, testAgainstTfjs } from '../kit/tfjs-rows.js';

type Padding = 'valid' | 'same';
type Pair = [number, number];

const images = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;
const THROWS = 'it throws for dilations';

function conv2d(x: number[], filter: number[], strides: Pair, padding: Padding, dilations = 1): OracleRow {
  return {
    inputs: floats(x, filter),
    heddle: (a, b) => ops.conv2d(a, b, { strides, padding, dilations }),
    tfjs: (a, b) => tf.conv2d(images(a), images(b), strides, padding, 'NHWC', dilations),
    ...(dilations > 1 ? { wrongGradient: THROWS } : {}),
  };
}

function depthwise(x: number[], filter: number[], strides: Pair, padding: Padding, dilations = 1): OracleRow {
  return {
    inputs: floats(x, filter),
    heddle: (a, b) => ops.depthwiseConv2d(a, b, { strides, padding, dilations }),
    tfjs: (a, b) => tf.depthwiseConv2d(images(a), images(b), strides, padding, 'NHWC', dilations),
    ...(dilations > 1 ? { wrongGradient: THROWS } : {}),
  };
}

function conv1d(x: number[], filter: number[], strides: number, padding: Padding): OracleRow {
  return {
    inputs: floats(x, filter),
    heddle: (a, b) => ops.conv1d(a, b, { strides, padding }),
    tfjs: (a, b) => tf.conv1d(a as tf.Tensor3D, b as tf.Tensor3D, strides, padding),
  };
}

/** `filter` is [height, width, out, in] on both sides. */
function transposed(x: number[], filter: number[], y: Pair, strides: Pair, padding: Padding): OracleRow {
  const [rows = 0] = x;
  const [, , channels = 0] = filter;
  return {
    inputs: floats(x, filter),
    heddle: (a, b) => ops.conv2dTranspose(a, b, { strides, padding }),
    tfjs: (a, b) => tf.conv2dTranspose(images(a), images(b), [rows, ...y, channels], strides, padding),
  };
}

function pooling(kind: 'max' | 'average', poolSize: Pair, strides: Pair, padding: Padding): OracleRow {
  const [ours, theirs] = kind === 'max' ? [ops.maxPool, tf.maxPool] : [ops.averagePool, tf.avgPool];
  return {
    inputs: floats([2, 7, 6, 3]),
    heddle: (x) => ours(x, { poolSize, strides, padding }),
    tfjs: (x) => theirs(images(x), poolSize, strides, padding),
    ...(kind === 'average' && padding === 'same'
      ? { wrongGradient: 'the edge counts cells that are not' }
      : {}),
  };
}

testAgainstTfjs({
  'conv2d, valid': conv2d([2, 7, 6, 3], [3, 3, 3, 4], [1, 1], 'valid'),
  'conv2d, one channel': conv2d([2, 9, 9, 1], [3, 3, 1, 5], [1, 1], 'valid'),
  'conv2d, same': conv2d([2, 7, 6, 3], [3, 3, 3, 4], [1, 1], 'same'),
  'conv2d, same, even kernel': conv2d([2, 5, 6, 4], [2, 4, 4, 3], [1, 1], 'same'),
  'conv2d, valid, strides that leave cells over': conv2d([2, 8, 9, 4], [3, 2, 4, 8], [2, 3], 'valid'),
  'conv2d, same, strides on odd sizes': conv2d([2, 7, 5, 3], [3, 3, 3, 4], [2, 2], 'same'),
  'conv2d, same, strides on even sizes': conv2d([1, 8, 6, 5], [3, 3, 5, 2], [2, 2], 'same'),
  'conv2d, 1×1': conv2d([2, 3, 5, 4], [1, 1, 4, 6], [1, 1], 'valid'),
  'conv2d, 1×1, strides': conv2d([2, 5, 4, 4], [1, 1, 4, 3], [2, 2], 'same'),
  'conv2d, kernel of the whole image': conv2d([3, 4, 5, 2], [4, 5, 2, 7], [1, 1], 'valid'),
  'conv2d, dilations, valid': conv2d([2, 9, 8, 3], [3, 3, 3, 4], [1, 1], 'valid', 2),
  'conv2d, dilations, same': conv2d([2, 9, 8, 3], [3, 2, 3, 4], [1, 1], 'same', 3),
  'conv1d, valid, strides': conv1d([2, 11, 3], [4, 3, 5], 2, 'valid'),
  'conv1d, same': conv1d([2, 11, 4], [4, 4, 3], 1, 'same'),
  'depthwiseConv2d, valid': depthwise([2, 6, 7, 4], [3, 3, 4, 1], [1, 1], 'valid'),
  'depthwiseConv2d, same, strides, multiplier': depthwise([2, 7, 6, 3], [3, 3, 3, 2], [2, 2], 'same'),
  'depthwiseConv2d, dilations': depthwise([1, 9, 9, 3], [3, 3, 3, 2], [1, 1], 'valid', 2),
  'separableConv2d, same': {
    inputs: floats([2, 6, 7, 3], [3, 3, 3, 2], [1, 1, 6, 4]),
    heddle: (x, depth, point) => ops.separableConv2d(x, depth, point, { padding: 'same' }),
    tfjs: (x, depth, point) => tf.separableConv2d(images(x), images(depth), images(point), 1, 'same'),
  },
  'conv2dTranspose, valid': transposed([2, 4, 3, 5], [3, 3, 4, 5], [6, 5], [1, 1], 'valid'),
  'conv2dTranspose, valid, strides': transposed([2, 4, 3, 5], [3, 3, 2, 5], [9, 7], [2, 2], 'valid'),
  'conv2dTranspose, same, strides': transposed([2, 4, 3, 5], [3, 3, 2, 5], [8, 6], [2, 2], 'same'),
  'conv2dTranspose, same, uneven strides': transposed([1, 3, 4, 4], [4, 3, 3, 4], [9, 4], [3, 1], 'same'),
  'maxPool, side by side': pooling('max', [2, 2], [2, 2], 'valid'),
  'maxPool, overlapping, same': pooling('max', [3, 2], [2, 1], 'same'),
  'maxPool, overlapping, valid': pooling('max', [3, 3], [1, 2], 'valid'),
  'averagePool, side by side': pooling('average', [2, 2], [2, 2], 'valid'),
  'averagePool, overlapping, valid': pooling('average', [3, 2], [2, 1], 'valid'),
  'averagePool, overlapping, same': pooling('average', [3, 2], [2, 2], 'same'),
  'upSampling, nearest': {
    // One image: its gradient takes the second from a wrong place.
    inputs: floats([1, 3, 4, 3]),
    heddle: (x) => ops.upSampling(x, { size: [2, 3] }),
    tfjs: (x) => tf.image.resizeNearestNeighbor(images(x), [6, 12]),
  },
  'upSampling, bilinear': {
    inputs: floats([2, 3, 4, 3]),
    heddle: (x) => ops.upSampling(x, { size: [2, 3], interpolation: 'bilinear' }),
    tfjs: (x) => tf.image.resizeBilinear(images(x), [6, 12], false, true),
    wrongGradient: "it is that of cells' corners, whatever the forward pass does",
  },
});
