/** The reference and its gradients, op by op, against TensorFlow.js on the CPU, which shares no line with Heddle. */

import { constant } from '../../src/ir/leaves.js';
import * as ops from '../../src/ops/index.js';
import { tf } from '../kit/tfjs.js';
import { floats, type OracleRow, testAgainstTfjs } from '../kit/tfjs-rows.js';
import type { CaseInput } from '../ops/case.js';

const positive = (...shapes: number[][]): CaseInput[] => shapes.map((shape) => ({ shape, fill: 'positive' }));
const labels = Int32Array.of(3, 0, 4, 1);
const oneHot = (): tf.Tensor => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 5), 'float32');
const mask = Uint8Array.from({ length: 12 }, (_, index) => (index + 1) % 2);
const evens = constant(Int32Array.from(mask), [3, 4], 'int32');
const indices = constant(labels, [4], 'int32');

const ROWS: Readonly<Record<string, OracleRow>> = {
  matmul: {
    inputs: floats([4, 5], [5, 3]),
    heddle: (a, b) => ops.matmul(a, b),
    tfjs: (a, b) => tf.matMul(a, b),
  },
  'matmul, a transposed': {
    inputs: floats([5, 4], [5, 3]),
    heddle: (a, b) => ops.matmul(a, b, { transposeA: true }),
    tfjs: (a, b) => tf.matMul(a, b, true, false),
  },
  'matmul, b transposed': {
    inputs: floats([4, 5], [3, 5]),
    heddle: (a, b) => ops.matmul(a, b, { transposeB: true }),
    tfjs: (a, b) => tf.matMul(a, b, false, true),
  },
  'matmul, both transposed': {
    inputs: floats([5, 4], [3, 5]),
    heddle: (a, b) => ops.matmul(a, b, { transposeA: true, transposeB: true }),
    tfjs: (a, b) => tf.matMul(a, b, true, true),
  },
  'matmul, batches that broadcast': {
    inputs: floats([2, 3, 4], [1, 4, 5]),
    heddle: (a, b) => ops.matmul(a, b),
    // Its own gradient does not sum over a batch that was broadcast, so the batch is tiled.
    tfjs: (a, b) => tf.matMul(a, tf.tile(b, [2, 1, 1])),
  },
  'add, broadcast': {
    inputs: floats([3, 4], [4]),
    heddle: (a, b) => ops.add(a, b),
    tfjs: (a, b) => tf.add(a, b),
  },
  'sub, broadcast both ways': {
    inputs: floats([3, 1], [1, 4]),
    heddle: (a, b) => ops.sub(a, b),
    tfjs: (a, b) => tf.sub(a, b),
  },
  'mul, broadcast': {
    inputs: floats([2, 3, 4], [3, 1]),
    heddle: (a, b) => ops.mul(a, b),
    tfjs: (a, b) => tf.mul(a, b),
  },
  'div, broadcast': {
    inputs: positive([3, 4], [3, 1]),
    heddle: (a, b) => ops.div(a, b),
    tfjs: (a, b) => tf.div(a, b),
  },
  maximum: {
    inputs: floats([3, 4], [3, 4]),
    heddle: (a, b) => ops.maximum(a, b),
    tfjs: (a, b) => tf.maximum(a, b),
  },
  minimum: {
    inputs: floats([3, 4], [3, 4]),
    heddle: (a, b) => ops.minimum(a, b),
    tfjs: (a, b) => tf.minimum(a, b),
  },
  neg: { inputs: floats([7]), heddle: (x) => ops.neg(x), tfjs: (x) => tf.neg(x) },
  abs: { inputs: floats([7]), heddle: (x) => ops.abs(x), tfjs: (x) => tf.abs(x) },
  exp: { inputs: floats([7]), heddle: (x) => ops.exp(x), tfjs: (x) => tf.exp(x) },
  log: { inputs: positive([7]), heddle: (x) => ops.log(x), tfjs: (x) => tf.log(x) },
  sqrt: { inputs: positive([7]), heddle: (x) => ops.sqrt(x), tfjs: (x) => tf.sqrt(x) },
  square: { inputs: floats([7]), heddle: (x) => ops.square(x), tfjs: (x) => tf.square(x) },
  relu: { inputs: floats([7]), heddle: (x) => ops.relu(x), tfjs: (x) => tf.relu(x) },
  sigmoid: { inputs: floats([7]), heddle: (x) => ops.sigmoid(x), tfjs: (x) => tf.sigmoid(x) },
  tanh: { inputs: floats([7]), heddle: (x) => ops.tanh(x), tfjs: (x) => tf.tanh(x) },
  softplus: { inputs: floats([7]), heddle: (x) => ops.softplus(x), tfjs: (x) => tf.softplus(x) },
  'gelu, by the error function': {
    inputs: floats([7]),
    heddle: (x) => ops.gelu(x),
    tfjs: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)),
  },
  select: {
    inputs: floats([3, 4], [3, 4]),
    heddle: (a, b) => ops.select(ops.greater(evens, 0), ops.square(a), b),
    tfjs: (a, b) => tf.where(tf.tensor2d(mask, [3, 4], 'bool'), tf.square(a), b),
  },
  'sum, one axis': {
    inputs: floats([3, 4, 2]),
    heddle: (x) => ops.sum(x, { axis: 1 }),
    tfjs: (x) => tf.sum(x, 1),
  },
  'mean, two axes kept': {
    inputs: floats([3, 4, 2]),
    heddle: (x) => ops.mean(x, { axis: [0, 2], keepDims: true }),
    tfjs: (x) => tf.mean(x, [0, 2], true),
  },
  'max, one axis': {
    inputs: floats([3, 4]),
    heddle: (x) => ops.max(x, { axis: -1 }),
    tfjs: (x) => tf.max(x, -1),
  },
  'min, all axes': { inputs: floats([3, 4]), heddle: (x) => ops.min(x), tfjs: (x) => tf.min(x) },
  softmax: { inputs: floats([4, 5]), heddle: (x) => ops.softmax(x), tfjs: (x) => tf.softmax(x) },
  logSoftmax: { inputs: floats([4, 5]), heddle: (x) => ops.logSoftmax(x), tfjs: (x) => tf.logSoftmax(x) },
  softmaxCrossentropy: {
    inputs: [{ shape: [4, 5] }],
    heddle: (x) => ops.softmaxCrossentropy(x, ops.oneHot(indices, { depth: 5 })),
    tfjs: (x) => tf.neg(tf.sum(tf.mul(oneHot(), tf.logSoftmax(x)), -1)),
  },
  sparseSoftmaxCrossentropy: {
    inputs: [{ shape: [4, 5] }],
    heddle: (x) => ops.sparseSoftmaxCrossentropy(x, indices),
    tfjs: (x) => tf.neg(tf.sum(tf.mul(oneHot(), tf.logSoftmax(x)), -1)),
  },
  'gather, with repeats': {
    inputs: floats([5, 3]),
    heddle: (x) => ops.gather(x, constant(Int32Array.of(3, 0, 3, 4), [2, 2], 'int32')),
    tfjs: (x) => tf.gather(x, tf.tensor2d([3, 0, 3, 4], [2, 2], 'int32')),
  },
  'gather, axis 1': {
    inputs: floats([2, 5, 3]),
    heddle: (x) => ops.gather(x, indices, { axis: 1 }),
    tfjs: (x) => tf.gather(x, tf.tensor1d(labels, 'int32'), 1),
  },
  transpose: {
    inputs: floats([2, 3, 4]),
    heddle: (x) => ops.transpose(x, { perm: [2, 0, 1] }),
    tfjs: (x) => tf.transpose(x, [2, 0, 1]),
  },
  reshape: {
    inputs: floats([2, 6]),
    heddle: (x) => ops.reshape(x, [3, 4]),
    tfjs: (x) => tf.reshape(x, [3, 4]),
  },
  broadcastTo: {
    inputs: floats([3, 1]),
    heddle: (x) => ops.broadcastTo(x, [2, 3, 4]),
    tfjs: (x) => tf.broadcastTo(x, [2, 3, 4]),
  },
  slice: {
    inputs: floats([4, 5]),
    heddle: (x) => ops.slice(x, { begin: [1, 2], size: [2, 3] }),
    tfjs: (x) => tf.slice(x, [1, 2], [2, 3]),
  },
  pad: {
    inputs: floats([2, 3]),
    heddle: (x) =>
      ops.pad(x, {
        paddings: [
          [1, 0],
          [2, 1],
        ],
        value: 0.5,
      }),
    tfjs: (x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [2, 1],
        ],
        0.5,
      ),
  },
  concat: {
    inputs: floats([2, 3], [2, 1], [2, 2]),
    heddle: (...list) => ops.concat(list, { axis: 1 }),
    tfjs: (...list) => tf.concat(list, 1),
  },
};

testAgainstTfjs(ROWS);
