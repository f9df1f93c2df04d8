/**
 * Heddle's side of op tasks: a graph program whose operands lie in variables, so that nothing can be computed beforehand. A block is one
 * submit; a program of one addition, queued behind it, brings the number back.
 */

import {
  compile,
  grad,
  input,
  ops,
  optimizers,
  type Program,
  type ProgramSpec,
  type Tensor,
  type Variable,
  variable,
} from 'heddle';
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
  type Shape,
} from '../ops/task.js';
import { disposingOnThrow, type Own } from '../owned.js';
import { describeHeddle } from './heddle.js';

export async function openHeddleOp(task: OpTask): Promise<Work> {
  await describeHeddle();
  return disposingOnThrow((own) => opened(task, own));
}

async function opened(task: OpTask, own: Own): Promise<Work> {
  const operands = operandVariables(task, own);
  const counter = own(variable(Float32Array.of(1), { trainable: false }));
  const program = own(await compile({ name: task.name, ...specOf(task, operands) }));
  const fence = await compile({ name: 'fence', outputs: { number: ops.add(counter, 1) } });
  const places = probesOf(task);
  return {
    async results() {
      submitChecked(task, program, operands);
      const found: number[] = [];
      for (const index of task.results.keys()) {
        const data = await resultOf(task, program, operands, index);
        for (const { result, place } of places) if (result === index) found.push(data[place] ?? Number.NaN);
      }
      return found;
    },
    async run(steps) {
      program.submit({}, steps);
      await fence.run();
    },
    dispose() {
      program.dispose();
      fence.dispose();
      for (const one of [counter, ...operands]) one.dispose();
    },
  };
}

/** Those of an optimizer side by side, as a model has them. */
function operandVariables(task: OpTask, own: Own): Variable[] {
  const shapes = task.operands.map(({ shape }) => shape);
  const weights = task.op.kind === 'optimizer' ? task.results.length : 0;
  const made: Variable[] = [];
  for (const [index, data] of dataOf(task).entries()) {
    const group = index < weights ? 'weights' : 'operands';
    const [first] = made;
    const beside = weights > 0 && first ? { store: first.store } : {};
    const one = variable(data, { shape: shapes[index] ?? [], trainable: index < weights, group, ...beside });
    made.push(own(one));
  }
  return made;
}

/** One step, or those of an optimizer whose weights are compared with the oracle. */
function submitChecked(task: OpTask, program: Program, operands: readonly Variable[]): void {
  if (task.op.kind !== 'optimizer') {
    program.submit();
    return;
  }
  const count = task.results.length;
  const gradients = dataOf(task).slice(count);
  for (const factor of GRADIENT_FACTORS) {
    for (const [index, data] of gradients.entries())
      operands[count + index]?.assign(data.map((value) => factor * value));
    program.submit();
  }
}

async function resultOf(
  { op }: OpTask,
  program: Program,
  operands: readonly Variable[],
  index: number,
): Promise<ArrayLike<number>> {
  if (op.kind === 'optimizer') return (operands[index] as Variable).data();
  const kept = program.keep(`result${index}`);
  const data = await kept.data();
  kept.dispose();
  return data;
}

function specOf(task: OpTask, operands: readonly Variable[]): ProgramSpec {
  const { op } = task;
  if (op.kind === 'optimizer') {
    const [weights, gradients] = [
      operands.slice(0, task.results.length),
      operands.slice(task.results.length),
    ];
    const { adam, momentum } = OPTIMIZERS;
    const optimizer = op.rule === 'adam' ? optimizers.adam(adam) : optimizers.sgd(momentum);
    // The loss whose gradients these are; it is not computed itself.
    const parts = weights.map((weight, index) => ops.sum(ops.mul(weight, gradients[index] as Variable)));
    const loss = parts.reduce((sum, part) => ops.add(sum, part));
    return { updates: optimizer.minimize(loss, weights) };
  }
  const results = resultsOf(task, operands);
  return { outputs: Object.fromEntries(results.map((result, index) => [`result${index}`, result])) };
}

function resultsOf({ op }: OpTask, operands: readonly Variable[]): Tensor[] {
  const [first, second, third] = operands as readonly Tensor[] as [Tensor, Tensor, Tensor];
  switch (op.kind) {
    case 'matmul': {
      const { transposeA, transposeB } = op;
      const product = ops.matmul(first, second, { transposeA, transposeB });
      return [op.dense ? ops.relu(ops.add(product, third)) : product];
    }
    case 'convolution':
      return [convolved(op, first, second)];
    case 'pool': {
      const { of, part, image, size, stride } = op;
      const pool = of === 'max' ? ops.maxPool : ops.averagePool;
      const options = { poolSize: size, strides: stride };
      if (part === 'forward') return [pool(first, options)];
      const [x, dy] = of === 'max' ? [first, second] : [input(image), first];
      return [grad(pool(x, options), x, { dy })];
    }
    case 'reduce': {
      const reduce = { sum: ops.sum, mean: ops.mean, max: ops.max }[op.of];
      return [reduce(first, { axis: { all: null, rows: 1, columns: 0 }[op.over] })];
    }
    case 'softmax':
      return [op.log ? ops.logSoftmax(first) : ops.softmax(first)];
    case 'crossentropy': {
      const loss = ops.mean(ops.sparseSoftmaxCrossentropy(first, second));
      return [grad(loss, first), loss];
    }
    case 'normalisation':
      return normalised(op, operands);
    case 'add':
      return [ops.add(first, second)];
    case 'gelu':
      return [ops.gelu(ops.add(ops.mul(first, second), third))];
    case 'dot':
      return [ops.sum(ops.mul(first, second))];
    case 'optimizer':
      throw new RangeError('an optimizer updates variables');
  }
}

function convolved(op: Convolution, first: Tensor, second: Tensor): Tensor {
  const options = { strides: op.stride, padding: op.padding };
  const { x, filter } = convolutionShapes(op);
  const unused = (shape: Shape): Tensor => input(shape);
  if (op.part === 'forward') return ops.conv2d(first, second, options);
  if (op.part === 'filter-gradient') {
    const weights = unused(filter);
    return grad(ops.conv2d(first, weights, options), weights, { dy: second });
  }
  const image = unused(x);
  return grad(ops.conv2d(image, second, options), image, { dy: first });
}

/** As the layers write it. */
function normalised({ of, part }: Normalisation, operands: readonly Tensor[]): Tensor[] {
  const [x, gamma, beta, fourth, variance] = operands as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const epsilon = NORMALISATION_EPSILON;
  if (part === 'inference') {
    const factor = ops.mul(gamma, ops.reciprocal(ops.sqrt(ops.add(variance, epsilon))));
    return [ops.add(ops.mul(ops.sub(x, fourth), factor), beta)];
  }
  const y = of === 'batch' ? batchNormalised(x, gamma) : layerNormalised(x, gamma);
  const shifted = ops.add(y, beta);
  return part === 'forward' ? [shifted] : grad(shifted, [x, gamma, beta], { dy: fourth });
}

function batchNormalised(x: Tensor, gamma: Tensor): Tensor {
  const others = x.shape.slice(1).map((_, axis) => axis);
  const scale = ops.reshape(gamma, [...others.map(() => 1), gamma.shape[0] ?? 1]);
  const [y] = ops.standardize(x, { axis: others, epsilon: NORMALISATION_EPSILON, scale });
  return y as Tensor;
}

function layerNormalised(x: Tensor, gamma: Tensor): Tensor {
  const [y] = ops.standardize(x, { axis: -1, epsilon: NORMALISATION_EPSILON });
  return ops.mul(y as Tensor, gamma);
}
