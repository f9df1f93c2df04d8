/** Handwritten digits: a deeper network, and a part of the data held out to see what it has really learned. */

import { layers, losses, optimizers, sequential } from 'heddle';
import { loadDigits, stratifiedSplit, takeRows } from '../data/datasets.js';
import type { ExampleContext, ExampleResult } from './example.js';

const HELD_OUT = 0.3;

export async function digits(context: ExampleContext): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile, dataUrl } = context;

  context.stage('loading 10,000 digits');
  const all = await loadDigits(dataUrl);
  // `fit` holds out rows from the end: put there the same share of each digit.
  const { train, validation } = stratifiedSplit(all.labels, HELD_OUT, seed);
  const { images, labels } = takeRows(all, [...train, ...validation]);

  const net = sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [784] }),
      layers.dense({ units: 50, activation: 'relu' }),
      layers.dense({ units: 50, activation: 'relu' }),
      layers.dense({ units: 10 }),
    ],
    { seed },
  );
  net.compile({
    optimizer: optimizers.adam({ learningRate: 1e-3 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });

  const stepsPerEpoch = Math.ceil(train.length / batchSize);
  context.show({ model: net, test: takeRows(all, validation), stepsPerEpoch, steps: epochs * stepsPerEpoch });
  const { history } = await context.follow(
    net.fit(images, labels, {
      epochs,
      batchSize,
      validationSplit: HELD_OUT,
      callbacks: [{ onEpochEnd: (epoch, logs) => context.epochEnd(epoch, logs) }],
      signal,
      onCompile,
    }),
  );

  const accuracy = history.val_accuracy?.at(-1) ?? Number.NaN;
  const loss = history.val_loss?.at(-1) ?? Number.NaN;
  return {
    loss,
    accuracy,
    measuredOn: `validation: ${validation.length} held-out digits`,
    details: [
      `validation accuracy on held-out digits ${accuracy.toFixed(4)}, loss ${loss.toFixed(4)} (${validation.length} of ${all.rows})`,
    ],
    passed: accuracy >= 0.9,
  };
}
