/** Handwritten digits by a small convolutional network, which sees them shifted a little differently at each step. */

import { layers, type Model, sequential } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';
import { learnDigits } from './held-out.js';

/** How far a picture may be shifted either way, as a share of its side: two cells of 28. */
const SHIFT = 2 / 28;

/** Images [28, 28, 1] of bytes in, ten logits out. */
export function digitsNetwork(seed: number): Model {
  return sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }),
      // Only while training, and from the seed: a digit drawn off the centre is the same digit.
      layers.randomTranslation({ heightFactor: SHIFT, widthFactor: SHIFT, fillMode: 'constant' }),
      layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 10 }),
    ],
    { seed },
  );
}

export function digitsCnn(context: ExampleContext): Promise<ExampleResult> {
  return learnDigits(context, digitsNetwork(context.seed), { promise: 0.97 });
}
