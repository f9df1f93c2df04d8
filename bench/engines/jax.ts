/**
 * jax-js's side, on WebGPU: the whole step, Adam included, is one `jit` function of weights and moments, as its documentation shows. It
 * has no `fit`. Images are [batch, channels, height, width] there, so kernels are turned once, before anything is timed.
 *
 * Its functions consume their arguments; `.ref` keeps one for another use.
 */

import { defaultDevice, getWebGPUDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { devDependencies } from '../../package.json';
import { adapterName } from '../../src/core/adapter.js';
import type { Identity, Work } from '../case.js';
import {
  ADAM,
  byLayer,
  exampleShape,
  inputShapes,
  isConv,
  isRecurrent,
  type Task,
  type TaskLayer,
  weightShapes,
} from '../task.js';
import { adamState, adamStep, type State } from './jax-optimizer.js';
import { lastState } from './jax-recurrent.js';

let ready: Promise<string> | null = null;

/** The backend's adapter in words. */
const device = (): Promise<string> => {
  ready ??= start();
  return ready;
};

async function start(): Promise<string> {
  if (!(await init('webgpu')).includes('webgpu'))
    throw new Error('jax-js could not start its WebGPU backend');
  defaultDevice('webgpu');
  return adapterName(getWebGPUDevice().adapterInfo);
}

export async function describeJax(): Promise<Identity> {
  return { version: devDependencies['@jax-js/jax'], adapter: await device() };
}

/** Computes and disposes: what nobody asks for is never computed, and to be asked for as a buffer waits for nothing. */
export function computeAll(arrays: readonly np.Array[]): void {
  for (const array of arrays) array.gpuBufferSync();
}

export async function openJax(task: Task, drive: 'free' | 'read'): Promise<Work> {
  await device();
  let state = adamState(startWeights(task));
  const x = images(task);
  const y = targets(task);
  const step = jit(stepOf(task));
  /** Consumes the state before, gives the loss. */
  const next = (): np.Array => {
    const [loss, after] = step(state, x.ref, y.ref);
    state = after;
    return loss;
  };
  const read = async (): Promise<number> => {
    const [value = Number.NaN] = await next().data();
    return value;
  };
  return {
    async results(steps) {
      const found: number[] = [];
      for (let count = 0; count < steps; count++) found.push(await read());
      return found;
    },
    async run(steps) {
      if (drive === 'read') for (let count = 0; count < steps; count++) await read();
      else {
        for (let count = 1; count < steps; count++) next().dispose();
        await read();
      }
    },
    dispose() {
      for (const array of [x, y, ...Object.values(state).flat()]) array.dispose();
      step.dispose();
    },
  };
}

function stepOf(task: Task): (state: State, x: np.Array, y: np.Array) => [np.Array, State] {
  const judged = valueAndGrad((weights: np.Array[], x: np.Array, y: np.Array) => lossOf(task, weights, x, y));
  return (state, x, y) => {
    const [loss, gradients] = judged(
      state.weights.map((weight) => weight.ref),
      x,
      y,
    );
    return [loss, adamStep(state, gradients, { learningRate: task.learningRate, ...ADAM })];
  };
}

function lossOf(task: Task, weights: readonly np.Array[], x: np.Array, y: np.Array): np.Array {
  const output = outputOf(task, weights, x);
  if (task.loss === 'meanSquaredError') return np.mean(np.square(output.sub(y)));
  return np.sum(nn.logSoftmax(output).mul(y)).mul(-1 / task.batch);
}

/** What the network makes of `x`. Consumes what it is given. */
export function outputOf(task: Task, weights: readonly np.Array[], x: np.Array): np.Array {
  let hidden = x;
  const ofLayers = byLayer(task, weights);
  task.layers.forEach((layer, index) => {
    if (isRecurrent(layer)) {
      hidden = lastState(layer, hidden, ofLayers[index] ?? []);
      return;
    }
    const [kernel, bias] = ofLayers[index] as [np.Array, np.Array];
    hidden = isConv(layer)
      ? lax.conv(hidden, kernel, [1, 1], 'VALID').add(bias.reshape([1, layer.filters, 1, 1]))
      : np.matmul(hidden.reshape([task.batch, -1]), kernel).add(bias);
    if (layer.activation === 'relu') hidden = nn.relu(hidden);
    if (isConv(layer)) {
      const window = [layer.poolSize, layer.poolSize];
      hidden = lax.reduceWindow(hidden, np.max, window, window);
    }
  });
  return hidden;
}

/** Kernels of convolutions as [out, in, height, width]; a dense layer behind images takes them channel by channel. */
export function startWeights(task: Task): np.Array[] {
  const shapes = weightShapes(task);
  const inputs = inputShapes(task);
  const arrays = task.weights.map((values, index) => np.array(values, { shape: [...(shapes[index] ?? [])] }));
  return byLayer(task, arrays).flatMap(([kernel, ...others], index) => {
    const layer = task.layers[index] as TaskLayer;
    const turned = turnedKernel(layer, inputs[index] ?? [], kernel as np.Array);
    return [turned, ...others];
  });
}

function turnedKernel(layer: TaskLayer, input: readonly number[], kernel: np.Array): np.Array {
  if (isConv(layer)) return kernel.transpose([3, 2, 0, 1]);
  if (isRecurrent(layer) || input.length === 1) return kernel;
  return kernel
    .reshape([...input, layer.units])
    .transpose([2, 0, 1, 3])
    .reshape([-1, layer.units]);
}

export function images(task: Task): np.Array {
  const x = np.array(Float32Array.from(task.x), { shape: [task.batch, ...exampleShape(task)] });
  return task.image ? x.transpose([0, 3, 1, 2]) : x;
}

function targets({ y, loss, batch }: Task): np.Array {
  if (loss === 'meanSquaredError')
    return np.array(Float32Array.from(y), { shape: [batch, y.length / batch] });
  return nn.oneHot(np.array(Int32Array.from(y)), 10);
}
