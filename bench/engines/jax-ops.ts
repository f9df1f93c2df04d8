/**
 * jax-js's side of op tasks, on WebGPU: one `jit` function for each, called in a loop, each result computed and disposed, then one number
 * of the last one read. Gradients are `vjp` inside `jit`. Images are [batch, channels, height, width] there: operands are turned before, and
 * results where they are read.
 */

import { grad, jit, lax, nn, numpy as np, valueAndGrad, vjp } from '@jax-js/jax';
import type { Work } from '../case.js';
import { convolutionShapes } from '../ops/convolution.js';
import { dataOf } from '../ops/data.js';
import { probesOf } from '../ops/probes.js';
import {
  type Convolution,
  NORMALISATION_EPSILON,
  type Normalisation,
  type OpTask,
  type Pool,
} from '../ops/task.js';
import { computeAll, describeJax } from './jax.js';
import {
  CHANNELS_FIRST,
  FILTERS_FIRST,
  operandLayouts,
  resultLayouts,
  turnedData,
  turnedPlaces,
  turnedShape,
} from './jax-layout.js';
import { optimizerState } from './jax-optimizer.js';

export async function openJaxOp(task: OpTask): Promise<Work> {
  await describeJax();
  const { op } = task;
  const layouts = operandLayouts(task);
  const operands = dataOf(task).map((data, index) => {
    const { shape = [] } = task.operands[index] ?? {};
    const layout = layouts[index] ?? null;
    return np.array(turnedData(data, shape, layout), { shape: turnedShape(shape, layout) });
  });
  const { step, checked, dispose } =
    op.kind === 'optimizer' ? optimizerState(op.rule, operands) : opStep(task, operands);
  const turned = resultLayouts(task).map((layout, index) => turnedPlaces(task.results[index] ?? [], layout));
  const places = probesOf(task);
  return {
    async results() {
      const data = await Promise.all(checked().map((array) => array.data()));
      return places.map(({ result, place }) => data[result]?.[turned[result]?.(place) ?? 0] ?? Number.NaN);
    },
    async run(steps) {
      for (let count = 1; count < steps; count++) computeAll(step());
      const [last, ...others] = step() as [np.Array, ...np.Array[]];
      computeAll(others);
      await last.reshape([-1]).slice([0, 1]).data();
    },
    dispose,
  };
}

interface Steps {
  step(): np.Array[];
  /** What is compared with the oracle. */
  checked(): np.Array[];
  dispose(): void;
}

function opStep(task: OpTask, operands: np.Array[]): Steps {
  const compute = jit(computeOf(task));
  const ready = task.op.kind === 'crossentropy' ? withOneHot(task, operands) : operands;
  const step = (): np.Array[] => compute(...ready.map((array) => array.ref));
  return {
    step,
    checked: step,
    dispose() {
      compute.dispose();
      for (const array of ready) array.dispose();
    },
  };
}

/** It takes a label's term by a product with a one-hot row. */
function withOneHot({ operands: [logits] }: OpTask, [x, labels]: readonly np.Array[]): np.Array[] {
  return [x as np.Array, nn.oneHot(labels as np.Array, logits?.shape[1] ?? 0)];
}

type Compute = (...operands: np.Array[]) => np.Array[];

/** Functions that consume their arguments. */
function computeOf({ op }: OpTask): Compute {
  switch (op.kind) {
    case 'matmul': {
      const left = (a: np.Array): np.Array => (op.transposeA ? np.matrixTranspose(a) : a);
      const right = (b: np.Array): np.Array => (op.transposeB ? np.matrixTranspose(b) : b);
      return (...[a, b, bias]) => {
        const product = np.matmul(left(a as np.Array), right(b as np.Array));
        return [bias ? nn.relu(product.add(bias)) : product];
      };
    }
    case 'convolution':
      return convolved(op);
    case 'pool':
      return pooled(op);
    case 'reduce': {
      const reduce = { sum: np.sum, mean: np.mean, max: np.max }[op.of];
      const axis = { all: null, rows: 1, columns: 0 }[op.over];
      return (...[x]) => [reduce(x as np.Array, axis)];
    }
    case 'softmax':
      return (...[x]) => [op.log ? nn.logSoftmax(x as np.Array) : nn.softmax(x as np.Array)];
    case 'crossentropy':
      return (...[x, rows]) => {
        const count = (x as np.Array).shape[0] ?? 1;
        const judged = valueAndGrad((logits: np.Array, targets: np.Array) =>
          np.sum(nn.logSoftmax(logits).mul(targets)).mul(-1 / count),
        );
        const [loss, gradient] = judged(x as np.Array, rows as np.Array);
        return [gradient, loss];
      };
    case 'normalisation':
      return normalised(op);
    case 'add':
      return (...[x, y]) => [np.add(x as np.Array, y as np.Array)];
    case 'gelu':
      return (...[x, a, b]) => {
        const v = (x as np.Array).mul(a as np.Array).add(b as np.Array);
        return [nn.gelu(v, { approximate: false })];
      };
    case 'dot':
      return (...[x, y]) => [np.sum((x as np.Array).mul(y as np.Array))];
    case 'optimizer':
      throw new RangeError('an optimizer has a state');
  }
}

function convolved(op: Convolution): Compute {
  const { x, filter } = convolutionShapes(op);
  const padding = op.padding === 'same' ? 'SAME' : 'VALID';
  const conv = (image: np.Array, weights: np.Array): np.Array =>
    lax.conv(image, weights, [op.stride, op.stride], padding);
  // A convolution is linear: the gradient to one of its operands does not depend on that one.
  if (op.part === 'forward') return (...[image, weights]) => [conv(image as np.Array, weights as np.Array)];
  if (op.part === 'input-gradient') {
    return (...[dy, weights]) => [
      pulledBack(
        (image) => conv(image, weights as np.Array),
        np.zeros(turnedShape(x, CHANNELS_FIRST)),
        dy as np.Array,
      ),
    ];
  }
  return (...[image, dy]) => [
    pulledBack(
      (weights) => conv(image as np.Array, weights),
      np.zeros(turnedShape(filter, FILTERS_FIRST)),
      dy as np.Array,
    ),
  ];
}

function pooled({ of, part, image, size, stride }: Pool): Compute {
  const pool = (x: np.Array): np.Array =>
    lax.reduceWindow(x, of === 'max' ? np.max : np.mean, [size, size], [stride, stride]);
  if (part === 'forward') return (...[x]) => [pool(x as np.Array)];
  if (of === 'max') return (...[x, dy]) => [pulledBack(pool, x as np.Array, dy as np.Array)];
  return (...[dy]) => [pulledBack(pool, np.zeros(turnedShape(image, CHANNELS_FIRST)), dy as np.Array)];
}

/** What `dy` of `f` at `x` is at `x`. */
function pulledBack(f: (x: np.Array) => np.Array, x: np.Array, dy: np.Array): np.Array {
  const [y, back] = vjp(f, [x]);
  y.dispose();
  const [dx] = back(dy);
  return dx;
}

/** Channels stand second in an image, so statistics and parameters of a batch keep extents of 1 around them. */
function normalised({ of, part }: Normalisation): Compute {
  const axis = of === 'batch' ? [0, 2, 3] : -1;
  const spread = (vector: np.Array): np.Array => (of === 'batch' ? vector.reshape([1, -1, 1, 1]) : vector);
  const epsilon = NORMALISATION_EPSILON;
  const forward = (x: np.Array, gamma: np.Array, beta: np.Array): np.Array =>
    nn.standardize(x, axis, { epsilon }).mul(spread(gamma)).add(spread(beta));
  if (part === 'inference') {
    return (...[x, gamma, beta, mean, variance]) => [
      nn
        .standardize(x as np.Array, axis, {
          mean: spread(mean as np.Array),
          variance: spread(variance as np.Array),
          epsilon,
        })
        .mul(spread(gamma as np.Array))
        .add(spread(beta as np.Array)),
    ];
  }
  if (part === 'forward')
    return (...[x, gamma, beta]) => [forward(x as np.Array, gamma as np.Array, beta as np.Array)];
  const gradients = grad(
    (x: np.Array, gamma: np.Array, beta: np.Array, dy: np.Array) => np.sum(forward(x, gamma, beta).mul(dy)),
    { argnums: [0, 1, 2] },
  );
  return (...[x, gamma, beta, dy]) =>
    gradients(x as np.Array, gamma as np.Array, beta as np.Array, dy as np.Array);
}
