/** TensorFlow.js's side of inference: a model of its layers, its `predict`, and the values of what that gives. */

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Work } from '../case.js';
import { exampleShape, isConv, isRecurrent, type Task, weightShapes } from '../task.js';
import { describeTfjs } from './tfjs.js';
import { recurrentLayer } from './tfjs-recurrent.js';

export async function openTfjsPredict(task: Task): Promise<Work> {
  await describeTfjs();
  const net = modelOf(task);
  const shapes = weightShapes(task);
  const initial = task.weights.map((values, index) => tf.tensor(values, shapes[index] as number[]));
  net.setWeights(initial);
  const shape = [task.batch, ...exampleShape(task)];
  const predict = async (): Promise<ArrayLike<number>> => {
    const x = tf.tensor(task.x, shape);
    const y = net.predict(x) as tf.Tensor;
    const values = await y.data();
    tf.dispose([x, y]);
    return values;
  };
  return {
    results: predict,
    async run(times) {
      for (let count = 0; count < times; count++) await predict();
    },
    dispose() {
      tf.dispose(initial);
      net.dispose();
    },
  };
}

function modelOf(task: Task): tfl.Sequential {
  const net = tfl.sequential();
  task.layers.forEach((layer, index) => {
    const inputShape = [...exampleShape(task)];
    const first = index === 0 ? { inputShape } : {};
    if (isRecurrent(layer)) net.add(recurrentLayer(layer, inputShape));
    else if (isConv(layer)) {
      const { filters, kernelSize, poolSize, activation } = layer;
      net.add(tfl.layers.conv2d({ filters, kernelSize, activation, ...first }));
      net.add(tfl.layers.maxPooling2d({ poolSize, strides: poolSize }));
    } else {
      const before = task.layers[index - 1];
      if (before && isConv(before)) net.add(tfl.layers.flatten());
      net.add(tfl.layers.dense({ units: layer.units, activation: layer.activation, ...first }));
    }
  });
  return net;
}
