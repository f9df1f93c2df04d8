/** Clothes again, by convolutions: filters that are slid over the picture see a sleeve wherever it is. */

import { layers, sequential } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';
import { learnFashion } from './fashion.js';

export function fashionCnn(context: ExampleContext): Promise<ExampleResult> {
  const net = sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }),
      layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 10 }),
    ],
    { seed: context.seed },
  );
  return learnFashion(context, net, { promise: 0.9 });
}
