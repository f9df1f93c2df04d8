/** Heddle's side of inference: a model's `predict`, and a graph program that is fed and read. */

import { compile, input, layers, type NDArray, sequential } from 'heddle';
import type { Identity, Work } from '../case.js';
import { disposingOnThrow } from '../owned.js';
import { exampleShape, isConv, isRecurrent, type Task, weightShapes } from '../task.js';
import { describeHeddle, outputOf, weightVariables } from './heddle.js';

export async function openHeddlePredict(task: Task): Promise<Work> {
  await describeHeddle();
  const net = modelOf(task);
  const shape = [task.batch, ...exampleShape(task)];
  return inferring(
    async () => await net.predict({ data: task.x, shape }),
    () => net.dispose(),
  );
}

export const describeHeddleProgram = async (): Promise<Identity> => {
  const { version, adapter } = await describeHeddle();
  return { version: `${version}, a program`, adapter };
};

export async function openHeddleProgram(task: Task): Promise<Work> {
  await describeHeddle();
  return disposingOnThrow(async (own) => {
    const weights = weightVariables(task, own);
    const x = input([task.batch, ...exampleShape(task)]);
    const y = outputOf(task, x, weights);
    const program = await compile({ name: task.name, inputs: { x }, outputs: { y } });
    return inferring(
      async () => (await program.run({ x: task.x })).y as NDArray,
      () => {
        program.dispose();
        weights[0]?.store.dispose();
      },
    );
  });
}

function modelOf(task: Task) {
  const net = sequential([]);
  task.layers.forEach((layer, index) => {
    const first = index === 0 ? { inputShape: exampleShape(task) } : {};
    if (isRecurrent(layer)) {
      const options = { units: layer.units, ...first };
      if (layer.cell === 'lstm') net.add(layers.lstm(options));
      else if (layer.cell === 'simpleRNN') net.add(layers.simpleRNN(options));
      else throw new RangeError(`${layer.cell} is not among the models`);
    } else if (isConv(layer)) {
      const { filters, kernelSize, poolSize, activation } = layer;
      net.add(layers.conv2d({ filters, kernelSize, activation, ...first }));
      net.add(layers.maxPooling2d({ poolSize }));
    } else {
      const before = task.layers[index - 1];
      if (before && isConv(before)) net.add(layers.flatten());
      net.add(layers.dense({ units: layer.units, activation: layer.activation, ...first }));
    }
  });
  const shapes = weightShapes(task);
  net.setWeights(task.weights.map((data, index) => ({ data, shape: shapes[index] ?? [] })));
  return net;
}

const inferring = (predict: () => Promise<NDArray>, dispose: () => void): Work => ({
  async results() {
    return (await predict()).data;
  },
  async run(times) {
    for (let count = 0; count < times; count++) await predict();
  },
  dispose,
});
