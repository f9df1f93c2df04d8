/**
 * TensorFlow.js's side of op tasks, on its WebGPU backend: the op in a loop, each result disposed, then one number of the last one
 * read. Fused ops where it has them; gradients are its own gradient kernels where one call gives them, or else `grads` of the op.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { Work } from '../case.js';
import { convolutionShapes } from '../ops/convolution.js';
import { dataOf } from '../ops/data.js';
import { probesOf } from '../ops/probes.js';
import {
  type Convolution,
  GRADIENT_FACTORS,
  NORMALISATION_EPSILON,
  type Normalisation,
  OPTIMIZERS,
  type OpTask,
  type Pool,
} from '../ops/task.js';
import { describeTfjs } from './tfjs.js';

export async function openTfjsOp(task: OpTask): Promise<Work> {
  await describeTfjs();
  const { step, checked, dispose } = task.op.kind === 'optimizer' ? optimizerStep(task) : opStep(task);
  const places = probesOf(task);
  return {
    async results() {
      const made = checked();
      const data = await Promise.all(made.map((tensor) => tensor.data()));
      tf.dispose(task.op.kind === 'optimizer' ? [] : made);
      return places.map(({ result, place }) => data[result]?.[place] ?? Number.NaN);
    },
    async run(steps) {
      const keeps = task.op.kind === 'optimizer';
      for (let count = 1; count < steps; count++) {
        const made = step();
        if (!keeps) tf.dispose(made);
      }
      const made = step();
      const [last] = made as [tf.Tensor];
      const number = tf.tidy(() => tf.slice1d(tf.reshape(last, [last.size]), 0, 1));
      await number.data();
      number.dispose();
      if (!keeps) tf.dispose(made);
    },
    dispose,
  };
}

interface Steps {
  /** What one step gives. */
  readonly step: () => tf.Tensor[];
  /** What is compared with the oracle. */
  readonly checked: () => tf.Tensor[];
  dispose(): void;
}

function opStep(task: OpTask): Steps {
  const operands = tensorsOf(task);
  const compute = computeOf(task, operands);
  const step = (): tf.Tensor[] => tf.tidy(compute);
  return { step, checked: step, dispose: () => tf.dispose(operands) };
}

/** Labels become one-hot rows: its loss takes nothing else. Behind the operands stands what gradients of pools take besides. */
function tensorsOf(task: OpTask): tf.Tensor[] {
  const tensors = dataOf(task).map((data, index) =>
    tf.tensor(data, [...(task.operands[index]?.shape ?? [])]),
  );
  const [first, second] = tensors;
  if (task.op.kind === 'pool' && task.op.part === 'gradient') {
    const { of, image, size, stride } = task.op;
    const forward =
      of === 'max' ? tf.maxPool(first as tf.Tensor4D, size, stride, 'valid') : tf.zeros([...image]);
    return [...tensors, forward];
  }
  if (task.op.kind !== 'crossentropy' || !first || !second) return tensors;
  const rows = tf.tidy(() => tf.cast(tf.oneHot(second as tf.Tensor1D, first.shape[1] ?? 0), 'float32'));
  second.dispose();
  return [first, rows];
}

/** Its weights are changed in place, and are the results of every step. */
function optimizerStep(task: OpTask): Steps {
  const { op } = task;
  const { adam, momentum } = OPTIMIZERS;
  const tensors = tensorsOf(task);
  const count = task.results.length;
  const weights = tensors.slice(0, count).map((tensor) => tf.variable(tensor));
  const optimizer =
    op.kind === 'optimizer' && op.rule === 'adam'
      ? tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon)
      : tf.train.momentum(momentum.learningRate, momentum.momentum);
  const gradients = weights.map(({ name }, index) => ({ name, tensor: tensors[count + index] as tf.Tensor }));
  return {
    step() {
      optimizer.applyGradients(gradients);
      return weights;
    },
    checked() {
      for (const factor of GRADIENT_FACTORS) {
        const turned = gradients.map(({ name, tensor }) => ({ name, tensor: tf.mul(tensor, factor) }));
        optimizer.applyGradients(turned);
        tf.dispose(turned.map(({ tensor }) => tensor));
      }
      return weights;
    },
    dispose() {
      optimizer.dispose();
      tf.dispose([tensors, weights]);
    },
  };
}

/** What is called for each step, with all that can be made once made here. */
function computeOf({ op }: OpTask, operands: readonly tf.Tensor[]): () => tf.Tensor[] {
  const [first, second, third] = operands as [tf.Tensor, tf.Tensor, tf.Tensor];
  switch (op.kind) {
    case 'matmul': {
      const { transposeA, transposeB, dense } = op;
      if (!dense) return () => [tf.matMul(first, second, transposeA, transposeB)];
      return () => [tf.fused.matMul({ a: first, b: second, bias: third, activation: 'relu' })];
    }
    case 'convolution':
      return convolved(op, first, second);
    case 'pool':
      return pooled(op, [first, second, third]);
    case 'reduce': {
      const reduce = { sum: tf.sum, mean: tf.mean, max: tf.max }[op.of];
      const axis = { all: undefined, rows: 1, columns: 0 }[op.over];
      return () => [reduce(first, axis)];
    }
    case 'softmax':
      return () => [op.log ? tf.logSoftmax(first) : tf.softmax(first)];
    case 'crossentropy': {
      const judged = tf.valueAndGrad((x: tf.Tensor) => tf.losses.softmaxCrossEntropy(second, x) as tf.Scalar);
      return () => {
        const { value, grad } = judged(first);
        return [grad, value];
      };
    }
    case 'normalisation':
      return normalised(op, operands);
    case 'add':
      return () => [tf.add(first, second)];
    case 'gelu':
      return () => {
        const v = tf.add(tf.mul(first, second), third);
        return [tf.mul(v, tf.add(tf.mul(tf.erf(tf.mul(v, Math.SQRT1_2)), 0.5), 0.5))];
      };
    case 'dot':
      return () => [tf.sum(tf.mul(first, second))];
    case 'optimizer':
      throw new RangeError('an optimizer changes weights');
  }
}

/** The kernels that its gradient of `conv2d` calls, without the convolution before them. */
function convolved(op: Convolution, first: tf.Tensor, second: tf.Tensor): () => tf.Tensor[] {
  const { x, filter } = convolutionShapes(op);
  const moves = { strides: [op.stride, op.stride], pad: op.padding, dataFormat: 'NHWC' };
  const kernel = (name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor =>
    tf.engine().runKernel(name, inputs, { ...moves, ...attrs }) as tf.Tensor;
  switch (op.part) {
    case 'forward':
      return () => [
        tf.fused.conv2d({
          x: first as tf.Tensor4D,
          filter: second as tf.Tensor4D,
          strides: op.stride,
          pad: op.padding,
        }),
      ];
    case 'input-gradient':
      return () => [kernel(tf.Conv2DBackpropInput, { dy: first, filter: second }, { inputShape: x })];
    case 'filter-gradient':
      return () => [kernel(tf.Conv2DBackpropFilter, { x: first, dy: second }, { filterShape: filter })];
  }
}

/** The kernels that its gradients of pools call, without the pool before them. */
function pooled(
  { of, part, size, stride }: Pool,
  [first, second, third]: readonly [tf.Tensor, tf.Tensor, tf.Tensor],
): () => tf.Tensor[] {
  if (part === 'forward') {
    const pool = of === 'max' ? tf.maxPool : tf.avgPool;
    return () => [pool(first as tf.Tensor4D, size, stride, 'valid')];
  }
  const [name, inputs] =
    of === 'max'
      ? [tf.MaxPoolGrad, { dy: second, input: first, output: third }]
      : [tf.AvgPoolGrad, { dy: first, input: second }];
  const attrs = { filterSize: [size, size], strides: [stride, stride], pad: 'valid' };
  return () => [tf.engine().runKernel(name, inputs, attrs) as tf.Tensor];
}

/** As its layers write it: `moments`, then `batchNorm`; with statistics of rows, whose gradient `batchNorm` lacks, by hand. */
function normalised({ of, part }: Normalisation, operands: readonly tf.Tensor[]): () => tf.Tensor[] {
  const [x, gamma, beta, fourth, variance] = operands as [
    tf.Tensor,
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor,
    tf.Tensor1D,
  ];
  const epsilon = NORMALISATION_EPSILON;
  if (part === 'inference')
    return () => [tf.batchNorm(x, fourth as tf.Tensor1D, variance, beta, gamma, epsilon)];
  const batch = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
    const moments = tf.moments(x, [0, 1, 2]);
    const [mean, variance] = [moments.mean as tf.Tensor1D, moments.variance as tf.Tensor1D];
    return tf.batchNorm(x, mean, variance, beta as tf.Tensor1D, gamma as tf.Tensor1D, epsilon);
  };
  const layer = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    const factor = tf.mul(tf.rsqrt(tf.add(variance, epsilon)), gamma);
    return tf.add(tf.mul(tf.sub(x, mean), factor), beta);
  };
  const forward = of === 'batch' ? batch : layer;
  if (part === 'forward') return () => [forward(x, gamma, beta)];
  const gradients = tf.grads(forward);
  return () => gradients([x, gamma, beta], fourth);
}
