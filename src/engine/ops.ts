/**
 * The ops of the public API: those of `src/ops`, giving tensors that can be awaited. One line each, so that a bundle keeps only the ops
 * it uses. Their documentation stands with the ops.
 */

import type { Value } from '../ir/graph.js';
import * as base from '../ops/index.js';
import { Tensor } from './tensor.js';

/** `op`, giving tensors where it gave values. */
function lift<A extends readonly unknown[]>(op: (...args: A) => readonly Value[]): (...args: A) => Tensor[];
function lift<A extends readonly unknown[]>(op: (...args: A) => Value): (...args: A) => Tensor;
function lift<A extends readonly unknown[]>(op: (...args: A) => Value | readonly Value[]) {
  return (...args: A): Tensor | Tensor[] => {
    const result = op(...args);
    return 'node' in result ? new Tensor(result) : result.map((value) => new Tensor(value));
  };
}

export const abs = /* @__PURE__ */ lift(base.abs);
export const add = /* @__PURE__ */ lift(base.add);
export const affineSample = /* @__PURE__ */ lift(base.affineSample);
export const argMax = /* @__PURE__ */ lift(base.argMax);
export const averagePool = /* @__PURE__ */ lift(base.averagePool);
export const bernoulli = /* @__PURE__ */ lift(base.bernoulli);
export const broadcastTo = /* @__PURE__ */ lift(base.broadcastTo);
export const cast = /* @__PURE__ */ lift(base.cast);
export const categorical = /* @__PURE__ */ lift(base.categorical);
export const concat = /* @__PURE__ */ lift(base.concat);
export const conv1d = /* @__PURE__ */ lift(base.conv1d);
export const conv2d = /* @__PURE__ */ lift(base.conv2d);
export const conv2dTranspose = /* @__PURE__ */ lift(base.conv2dTranspose);
export const depthwiseConv2d = /* @__PURE__ */ lift(base.depthwiseConv2d);
export const div = /* @__PURE__ */ lift(base.div);
export const dropout = /* @__PURE__ */ lift(base.dropout);
export const equal = /* @__PURE__ */ lift(base.equal);
export const erf = /* @__PURE__ */ lift(base.erf);
export const exp = /* @__PURE__ */ lift(base.exp);
export const expandDims = /* @__PURE__ */ lift(base.expandDims);
export const flatten = /* @__PURE__ */ lift(base.flatten);
export const floor = /* @__PURE__ */ lift(base.floor);
export const gather = /* @__PURE__ */ lift(base.gather);
export const gelu = /* @__PURE__ */ lift(base.gelu);
export const greater = /* @__PURE__ */ lift(base.greater);
export const greaterEqual = /* @__PURE__ */ lift(base.greaterEqual);
export const gru = /* @__PURE__ */ lift(base.gru);
export const gumbel = /* @__PURE__ */ lift(base.gumbel);
export const less = /* @__PURE__ */ lift(base.less);
export const lessEqual = /* @__PURE__ */ lift(base.lessEqual);
export const log = /* @__PURE__ */ lift(base.log);
export const logSoftmax = /* @__PURE__ */ lift(base.logSoftmax);
export const logicalAnd = /* @__PURE__ */ lift(base.logicalAnd);
export const logicalNot = /* @__PURE__ */ lift(base.logicalNot);
export const logicalOr = /* @__PURE__ */ lift(base.logicalOr);
export const lstm = /* @__PURE__ */ lift(base.lstm);
export const matmul = /* @__PURE__ */ lift(base.matmul);
export const max = /* @__PURE__ */ lift(base.max);
export const maxPool = /* @__PURE__ */ lift(base.maxPool);
export const maximum = /* @__PURE__ */ lift(base.maximum);
export const mean = /* @__PURE__ */ lift(base.mean);
export const min = /* @__PURE__ */ lift(base.min);
export const minimum = /* @__PURE__ */ lift(base.minimum);
export const mul = /* @__PURE__ */ lift(base.mul);
export const neg = /* @__PURE__ */ lift(base.neg);
export const normal = /* @__PURE__ */ lift(base.normal);
export const notEqual = /* @__PURE__ */ lift(base.notEqual);
export const oneHot = /* @__PURE__ */ lift(base.oneHot);
export const pad = /* @__PURE__ */ lift(base.pad);
export const pow = /* @__PURE__ */ lift(base.pow);
export const randomBits = /* @__PURE__ */ lift(base.randomBits);
export const reciprocal = /* @__PURE__ */ lift(base.reciprocal);
export const relu = /* @__PURE__ */ lift(base.relu);
export const reshape = /* @__PURE__ */ lift(base.reshape);
export const select = /* @__PURE__ */ lift(base.select);
export const separableConv2d = /* @__PURE__ */ lift(base.separableConv2d);
export const sigmoid = /* @__PURE__ */ lift(base.sigmoid);
export const sigmoidCrossentropy = /* @__PURE__ */ lift(base.sigmoidCrossentropy);
export const sign = /* @__PURE__ */ lift(base.sign);
export const simpleRNN = /* @__PURE__ */ lift(base.simpleRNN);
export const slice = /* @__PURE__ */ lift(base.slice);
export const softmax = /* @__PURE__ */ lift(base.softmax);
export const softmaxCrossentropy = /* @__PURE__ */ lift(base.softmaxCrossentropy);
export const softplus = /* @__PURE__ */ lift(base.softplus);
export const sparseSoftmaxCrossentropy = /* @__PURE__ */ lift(base.sparseSoftmaxCrossentropy);
export const split = /* @__PURE__ */ lift(base.split);
export const sqrt = /* @__PURE__ */ lift(base.sqrt);
export const square = /* @__PURE__ */ lift(base.square);
export const squeeze = /* @__PURE__ */ lift(base.squeeze);
export const stack = /* @__PURE__ */ lift(base.stack);
export const standardize = /* @__PURE__ */ lift(base.standardize);
export const stopGradient = /* @__PURE__ */ lift(base.stopGradient);
export const sub = /* @__PURE__ */ lift(base.sub);
export const sum = /* @__PURE__ */ lift(base.sum);
export const sumTo = /* @__PURE__ */ lift(base.sumTo);
export const tanh = /* @__PURE__ */ lift(base.tanh);
export const transpose = /* @__PURE__ */ lift(base.transpose);
export const uniform = /* @__PURE__ */ lift(base.uniform);
export const upSampling = /* @__PURE__ */ lift(base.upSampling);
