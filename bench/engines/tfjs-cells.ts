/** Recurrent cells of TensorFlow.js: its layers, over whole sequences, on tensors that lie on the device. */

import * as tf from '@tensorflow/tfjs-core';
import type { Work } from '../case.js';
import { type CellPart, type CellTask, placesOf, probed } from '../cells.js';
import { weightShapes } from '../task.js';
import { describeTfjs } from './tfjs.js';
import { recurrentModel } from './tfjs-recurrent.js';

export async function openTfjsCell(task: CellTask, part: CellPart): Promise<Work> {
  await describeTfjs();
  const { layer, batch, steps, features, units } = task;
  const input = [steps, features] as const;
  const shapes = weightShapes({ features: steps * features, sequence: input, layers: [layer] });
  const initial = task.weights.map((data, index) => tf.tensor(data, shapes[index] as number[]));
  const net = recurrentModel(layer, input, initial, { returnSequences: true });
  const x = tf.variable(tf.tensor(task.x, [batch, ...input]));
  const dy = tf.tensor(task.dy, [batch, steps, units]);
  // What a layer keeps its weights in are variables.
  const variables = [x, ...(net.getWeights() as tf.Variable[])];
  const states = (): tf.Tensor => net.apply(x) as tf.Tensor;
  const pass = (): tf.Tensor[] => {
    if (part === 'forward') return [tf.tidy(states)];
    const { value, grads } = tf.variableGrads(() => tf.sum(tf.mul(states(), dy)), variables);
    value.dispose();
    return variables.map(({ name }) => grads[name] as tf.Tensor);
  };
  return {
    async results() {
      const results = pass();
      const data = await Promise.all(results.map((one) => one.data()));
      tf.dispose(results);
      return probed(placesOf(task, part), data);
    },
    async run(times) {
      for (let count = 1; count < times; count++) tf.dispose(pass());
      const results = pass();
      const one = tf.tidy(() => tf.slice(tf.reshape(results.at(-1) as tf.Tensor, [-1]), 0, 1));
      await one.data();
      tf.dispose([results, one]);
    },
    dispose() {
      tf.dispose([x, dy, initial]);
      net.dispose();
    },
  };
}
