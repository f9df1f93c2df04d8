/**
 * TensorFlow.js's side, on its WebGPU backend with default flags, in production mode. `free` and `read` go through
 * `optimizer.minimize`, its shortest way to a step, with data and weights as tensors on the device; recurrent cells are its layers', which
 * is all that it has for whole sequences. `fit` is its layers' own.
 */

import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
// As its package `@tensorflow/tfjs` does: its recurrent layers call methods of tensors.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import * as tfl from '@tensorflow/tfjs-layers';
import { adapterName } from '../../src/core/adapter.js';
import type { Identity, Work } from '../case.js';
import {
  ADAM,
  byLayer,
  denseLayers,
  exampleShape,
  inputShapes,
  isConv,
  isRecurrent,
  stepsPerEpoch,
  type Task,
  weightShapes,
} from '../task.js';
import { recurrentModel } from './tfjs-recurrent.js';

let ready: Promise<string> | null = null;

/** The backend's adapter in words. */
const device = (): Promise<string> => {
  ready ??= start();
  return ready;
};

async function start(): Promise<string> {
  tf.enableProdMode();
  if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js could not start its WebGPU backend');
  await tf.ready();
  return adapterName((tf.backend() as WebGPUBackend).device.adapterInfo);
}

export async function describeTfjs(): Promise<Identity> {
  return { version: tf.version_core, adapter: await device() };
}

const adam = ({ learningRate }: Task): tf.Optimizer =>
  tf.train.adam(learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);

export async function openTfjs(task: Task, drive: 'free' | 'read'): Promise<Work> {
  await device();
  const shapes = weightShapes(task);
  const inputs = inputShapes(task);
  const initial = byLayer(
    task,
    task.weights.map((values, index) => tf.tensor(values, shapes[index] as number[])),
  );
  const recurrent = task.layers.map((layer, index) =>
    isRecurrent(layer) ? recurrentModel(layer, inputs[index] ?? [], initial[index] ?? []) : null,
  );
  const weights = initial.map((list, index) => (recurrent[index] ? [] : list.map((one) => tf.variable(one))));
  const x = tf.tensor(task.x, [task.batch, ...exampleShape(task)]);
  const y = targets(task);
  const optimizer = adam(task);
  const loss = (): tf.Scalar => {
    let hidden: tf.Tensor = x;
    task.layers.forEach((layer, index) => {
      if (isRecurrent(layer)) {
        hidden = recurrent[index]?.apply(hidden) as tf.Tensor;
        return;
      }
      const [kernel, bias]: readonly tf.Tensor[] = weights[index] ?? [];
      if (!kernel || !bias) throw new RangeError('a layer has a kernel and a bias');
      const { activation } = layer;
      if (isConv(layer)) {
        const filter = kernel as tf.Tensor4D;
        const y = tf.fused.conv2d({
          x: hidden as tf.Tensor4D,
          filter,
          strides: 1,
          pad: 'valid',
          bias,
          activation,
        });
        hidden = tf.maxPool(y, layer.poolSize, layer.poolSize, 'valid');
      } else {
        const a = hidden.rank === 2 ? hidden : tf.reshape(hidden, [task.batch, -1]);
        hidden = tf.fused.matMul({ a, b: kernel, bias, activation });
      }
    });
    return lossOf(task, y, hidden);
  };
  const read = async (): Promise<number> => {
    const cost = optimizer.minimize(loss, true) as tf.Scalar;
    const [value = Number.NaN] = await cost.data();
    cost.dispose();
    return value;
  };
  return {
    async results(steps) {
      const found: number[] = [];
      for (let step = 0; step < steps; step++) found.push(await read());
      return found;
    },
    async run(steps) {
      if (drive === 'read') for (let step = 0; step < steps; step++) await read();
      else {
        for (let step = 1; step < steps; step++) optimizer.minimize(loss);
        await read();
      }
    },
    dispose() {
      tf.dispose([x, y, initial, weights]);
      for (const net of recurrent) net?.dispose();
      optimizer.dispose();
    },
  };
}

/** Labels become one-hot rows: the fused loss of TensorFlow.js takes nothing else. */
function targets({ y, loss, rows, weights }: Task): tf.Tensor2D {
  const outputs = weights.at(-1)?.length ?? 1;
  if (loss === 'meanSquaredError') return tf.tensor2d(y, [rows, outputs]);
  return tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(y, 'int32'), outputs), 'float32') as tf.Tensor2D);
}

const lossOf = ({ loss }: Pick<Task, 'loss'>, y: tf.Tensor, prediction: tf.Tensor): tf.Scalar =>
  loss === 'meanSquaredError'
    ? tf.losses.meanSquaredError(y, prediction)
    : tf.losses.softmaxCrossEntropy(y, prediction);

export async function openTfjsFit(task: Task): Promise<Work> {
  await device();
  const net = tfl.sequential({
    layers: denseLayers(task).map(({ units, activation }) =>
      tfl.layers.dense({ units, activation, inputShape: [task.features] }),
    ),
  });
  const shapes = weightShapes(task);
  const initial = task.weights.map((values, index) => tf.tensor(values, shapes[index] as number[]));
  net.setWeights(initial);
  net.compile({
    optimizer: adam(task),
    loss: (yTrue, yPred) => lossOf(task, yTrue, yPred),
    metrics: task.loss === 'softmaxCrossentropy' ? [tfl.metrics.categoricalAccuracy] : [],
  });
  const scale = task.x instanceof Uint8Array ? 1 / 255 : 1;
  const x = tf.tensor2d(
    Float32Array.from(task.x, (value) => value * scale),
    [task.rows, task.features],
  );
  const y = targets(task);
  const fitSteps = (steps: number, onLoss: ((loss: number) => void) | null): Promise<unknown> =>
    net.fit(x, y, {
      batchSize: task.batch,
      epochs: Math.ceil(steps / stepsPerEpoch(task)),
      shuffle: onLoss === null,
      verbose: 0,
      yieldEvery: 'never',
      ...(onLoss
        ? { callbacks: { onBatchEnd: async (_batch, logs) => onLoss(logs?.loss ?? Number.NaN) } }
        : {}),
    });
  return {
    async results(steps) {
      const found: number[] = [];
      await fitSteps(steps, (loss) => found.push(loss));
      return found.slice(0, steps);
    },
    async run(steps) {
      await fitSteps(steps, null);
    },
    dispose() {
      tf.dispose([x, y, ...initial]);
      net.dispose();
    },
  };
}
