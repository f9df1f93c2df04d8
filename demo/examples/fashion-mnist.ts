/** Clothes in ten classes: a dense network trained on 60,000 pictures and tested on 10,000 others. */

import { layers, sequential } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';
import { learnFashion } from './fashion.js';

export function fashionMnist(context: ExampleContext): Promise<ExampleResult> {
  // Pixels reach the device as bytes; it makes numbers from 0 to 1 of them.
  const net = sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [784] }),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dense({ units: 10 }),
    ],
    { seed: context.seed },
  );
  return learnFashion(context, net, { promise: 0.87 });
}
