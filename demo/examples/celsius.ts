/** One neuron learns to turn degrees Celsius into degrees Fahrenheit, from seven pairs and without being told the formula. */

import { layers, losses, type NDArray, optimizers, sequential } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';

const CELSIUS = [-40, -10, 0, 8, 15, 22, 38];
const FAHRENHEIT = [-40, 14, 32, 46.4, 59, 71.6, 100.4];

export async function celsius(context: ExampleContext): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile } = context;

  const net = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed });
  net.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: losses.meanSquaredError() });

  const stepsPerEpoch = Math.ceil(CELSIUS.length / batchSize);
  context.show({ model: net, stepsPerEpoch, steps: epochs * stepsPerEpoch });
  await context.follow(net.fit(CELSIUS, FAHRENHEIT, { epochs, batchSize, signal, onCompile }));

  const boiling = (await net.predict([100])) as NDArray;
  const [kernel, bias] = (await net.getWeights()) as [NDArray, NDArray];
  const degrees = boiling.item();
  return {
    details: [
      `100 °C is ${degrees.toFixed(2)} °F (the formula says 212)`,
      `learned: F = ${kernel.item().toFixed(3)} C + ${bias.item().toFixed(2)} (the formula: F = 1.8 C + 32)`,
    ],
    passed: Math.abs(degrees - 212) <= 1.5,
  };
}
