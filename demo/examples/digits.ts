/** Handwritten digits: a deeper network, and a part of the data held out to see what it has really learned. */

import { layers, sequential } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';
import { learnDigits } from './held-out.js';

export function digits(context: ExampleContext): Promise<ExampleResult> {
  const net = sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [784] }),
      layers.dense({ units: 50, activation: 'relu' }),
      layers.dense({ units: 50, activation: 'relu' }),
      layers.dense({ units: 10 }),
    ],
    { seed: context.seed },
  );
  return learnDigits(context, net, { promise: 0.9 });
}
