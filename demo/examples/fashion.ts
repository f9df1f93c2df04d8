/** What the examples on Fashion-MNIST share: 60,000 pictures that come in while the first are learned, and the 10,000 of the test. */

import { losses, type Model, optimizers } from 'heddle';
import { loadFashionMnist, type PackedImages } from '../data/datasets.js';
import type { ExampleContext, ExampleResult } from './example.js';
import { joined, rows } from './images.js';

const TRAINING_IMAGES = 60_000;

export interface FashionOptions {
  /** The test accuracy that the example promises. */
  readonly promise: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** What the rate falls to for the last third of the first epoch and for all others: smaller steps settle. Default: it stays. */
  readonly settledRate?: number;
}

/** Trains `net`, which gives logits, with Adam, and tests it. */
export async function learnFashion(
  context: ExampleContext,
  net: Model,
  { promise, learningRate = 1e-3, settledRate }: FashionOptions,
): Promise<ExampleResult> {
  const { epochs, batchSize, signal, onCompile, dataUrl } = context;

  context.stage('loading the first 10,000 images and the 10,000 of the test');
  const [first, test] = await Promise.all([
    loadFashionMnist(dataUrl, { part: 'first' }),
    loadFashionMnist(dataUrl, { part: 'test' }),
  ]);

  const optimizer = optimizers.adam({ learningRate });
  net.compile({
    optimizer,
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });

  const stepsPerEpoch = Math.ceil(TRAINING_IMAGES / batchSize);
  context.show({ model: net, test, stepsPerEpoch, steps: epochs * stepsPerEpoch });
  const learn = ({ images, labels }: PackedImages, epochs: number) =>
    context.follow(net.fit(images, labels, { epochs, batchSize, signal, onCompile }));

  // The first epoch begins on the images that are here, in whole batches, while the others load, and goes on with those.
  const whole = (count: number): number => count - (count % batchSize);
  const begun = whole(first.rows);
  const settling = settledRate === undefined ? begun : whole(Math.floor((2 / 3) * TRAINING_IMAGES));
  const [train] = await Promise.all([
    loadFashionMnist(dataUrl, { part: 'rest' }).then((rest) => joined(first, rest)),
    learn(rows(first, 0, begun), 1),
  ]);
  if (settledRate !== undefined) {
    await learn(rows(train, begun, settling), 1);
    optimizer.learningRate = settledRate;
  }
  await learn(rows(train, settling, train.rows), 1);
  if (epochs > 1) await learn(train, epochs - 1);

  context.stage('evaluating on the test images');
  const { loss, accuracy } = (await net.evaluate(test.images, test.labels)) as {
    loss: number;
    accuracy: number;
  };
  return {
    loss,
    accuracy,
    measuredOn: '10,000 test images of Fashion-MNIST',
    details: [
      `test accuracy ${accuracy.toFixed(4)}, test loss ${loss.toFixed(4)}, on 10,000 images never trained on`,
    ],
    passed: accuracy >= promise,
  };
}
