/**
 * Heddle's side. `free` and `read` are graph programs: data and weights lie in variables on the device, a block without reads is one
 * submit. `fit` is what an application calls.
 */

import {
  compile,
  init,
  layers,
  losses,
  type NDArray,
  ops,
  optimizers,
  type Program,
  sequential,
  type Tensor,
  type Variable,
  variable,
} from 'heddle';
import { version } from '../../package.json';
import type { Identity, Work } from '../case.js';
import { ADAM, stepsPerEpoch, type Task, weightShapes } from '../task.js';
import { adapterName } from './adapter-name.js';

export async function describeHeddle(): Promise<Identity> {
  const { adapter } = await device();
  return { version, adapter: adapterName(adapter) };
}

let ready: ReturnType<typeof init> | null = null;

/** WebGPU or an error: the CPU reference is no contestant. */
const device = (): ReturnType<typeof init> => {
  ready ??= init({ device: 'webgpu' });
  return ready;
};

export async function openHeddle(task: Task, drive: 'free' | 'read'): Promise<Work> {
  await device();
  const weights = weightVariables(task);
  const data = dataVariables(task);
  const loss = lossOf(task, data, weights);
  const optimizer = optimizers.adam({ learningRate: task.learningRate, ...ADAM });
  const program = await compile({
    name: task.name,
    outputs: { loss },
    updates: optimizer.minimize(loss, weights),
  });
  return {
    async losses(steps) {
      const result = await program.run({}, { times: steps, collect: ['loss'] });
      return Array.from(result.loss?.data ?? []);
    },
    async run(steps) {
      if (drive === 'free') await program.run({}, { times: steps });
      else for (let step = 0; step < steps; step++) await readLoss(program);
    },
    dispose() {
      program.dispose();
      for (const one of data) one.dispose();
      weights[0]?.store.dispose();
    },
  };
}

async function readLoss(program: Program): Promise<number> {
  const { loss } = await program.run();
  return (loss as NDArray).item();
}

/** Side by side, so that one dispatch updates them all. */
function weightVariables(task: Task): Variable[] {
  const shapes = weightShapes(task);
  const made: Variable[] = [];
  for (const [index, values] of task.weights.entries()) {
    const shape = shapes[index] ?? [];
    const [first] = made;
    made.push(variable(values, { shape, group: 'weights', ...(first ? { store: first.store } : {}) }));
  }
  return made;
}

function dataVariables({ x, y, features, layers, loss, batch }: Task): [Variable, Variable] {
  const outputs = layers.at(-1)?.units ?? 0;
  const shape = loss === 'softmaxCrossentropy' ? [batch] : [batch, outputs];
  return [
    variable(x, { shape: [batch, features], trainable: false }),
    variable(y, { shape, trainable: false }),
  ];
}

function lossOf(task: Task, [x, y]: readonly [Variable, Variable], weights: readonly Variable[]): Tensor {
  let hidden: Tensor = x;
  task.layers.forEach(({ activation }, layer) => {
    const [kernel, bias] = weights.slice(2 * layer, 2 * layer + 2) as [Variable, Variable];
    const sum = ops.add(ops.matmul(hidden, kernel), bias);
    hidden = activation === 'relu' ? ops.relu(sum) : sum;
  });
  return ops.mean(lossFunction(task)(y, hidden));
}

const lossFunction = ({ loss }: Task): losses.LossFunction =>
  loss === 'meanSquaredError'
    ? losses.meanSquaredError()
    : losses.sparseCategoricalCrossentropy({ fromLogits: true });

export async function openHeddleFit(task: Task): Promise<Work> {
  await device();
  const bytes = task.x instanceof Uint8Array;
  const inputShape = [task.features];
  const net = sequential([
    ...(bytes ? [layers.rescaling({ scale: 1 / 255, inputShape })] : []),
    ...task.layers.map(({ units, activation }, index) =>
      layers.dense({ units, activation, ...(index === 0 && !bytes ? { inputShape } : {}) }),
    ),
  ]);
  const shapes = weightShapes(task);
  net.setWeights(task.weights.map((data, index) => ({ data, shape: shapes[index] ?? [] })));
  net.compile({
    optimizer: optimizers.adam({ learningRate: task.learningRate, ...ADAM }),
    loss: lossFunction(task),
    metrics: task.loss === 'softmaxCrossentropy' ? ['accuracy'] : [],
  });
  const x = { data: task.x, shape: [task.rows, task.features] };
  const fitSteps = (steps: number, onLoss: ((loss: number) => void) | null): PromiseLike<unknown> =>
    net.fit(x, task.y, {
      batchSize: task.batch,
      epochs: Math.ceil(steps / stepsPerEpoch(task)),
      shuffle: onLoss === null,
      ...(onLoss ? { callbacks: [{ onBatchEnd: (_batch, logs) => onLoss(logs.loss ?? Number.NaN) }] } : {}),
    });
  return {
    async losses(steps) {
      const found: number[] = [];
      await fitSteps(steps, (loss) => found.push(loss));
      return found.slice(0, steps);
    },
    async run(steps) {
      await fitSteps(steps, null);
    },
    dispose: () => net.dispose(),
  };
}
