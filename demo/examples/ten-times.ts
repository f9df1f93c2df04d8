/** The learning rate, side by side: two neurons learn y = 10 x from the same ten pairs, one in steps ten times as large. */

import { layers, losses, type Model, type NDArray, optimizers, sequential } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';

const X = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const Y = X.map((x) => 10 * x);
const RATES = [0.1, 0.01];

export async function tenTimes(context: ExampleContext): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile } = context;
  const stepsPerEpoch = Math.ceil(X.length / batchSize);

  // The same seed, hence the same first weights: the rate alone makes the difference.
  const neuron = (learningRate: number): Model => {
    const net = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed });
    net.compile({ optimizer: optimizers.adam({ learningRate }), loss: losses.meanSquaredError() });
    return net;
  };

  const outcomes = [];
  for (const rate of RATES) {
    const net = neuron(rate);
    context.show({ model: net, stepsPerEpoch, steps: RATES.length * epochs * stepsPerEpoch });
    const { history } = await context.follow(
      net.fit(X, Y, { epochs, batchSize, signal, onCompile }),
      `learning rate ${rate}`,
    );
    const eleven = (await net.predict([11])) as NDArray;
    outcomes.push({ rate, loss: history.loss?.at(-1) ?? Number.NaN, eleven: eleven.item() });
  }

  const [fast, slow] = outcomes.map(({ eleven }) => Math.abs(eleven - 110));
  return {
    details: outcomes.map(
      ({ rate, loss, eleven }) =>
        `learning rate ${rate}: 10 × 11 is ${eleven.toFixed(2)}, last loss ${loss.toPrecision(3)}`,
    ),
    passed: (fast as number) < (slow as number),
  };
}
