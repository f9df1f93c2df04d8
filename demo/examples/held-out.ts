/** What the examples on the digits share: seven tenths of the pictures to learn from, three tenths that are never trained on. */

import { losses, type Model, optimizers } from 'heddle';
import { loadDigits, type PackedImages, stratifiedSplit, takeRows } from '../data/datasets.js';
import type { ExampleContext, ExampleResult } from './example.js';

const HELD_OUT = 0.3;

/** The digits in two parts, each with the same share of every digit. */
export async function splitDigits({
  dataUrl,
  seed,
  stage,
}: ExampleContext): Promise<Record<'train' | 'validation', PackedImages>> {
  stage('loading 10,000 digits');
  const all = await loadDigits(dataUrl);
  const { train, validation } = stratifiedSplit(all.labels, HELD_OUT, seed);
  return { train: takeRows(all, train), validation: takeRows(all, validation) };
}

/** Trains `net`, which gives logits, with Adam at 1e-3, and validates it after each epoch. */
export async function learnDigits(
  context: ExampleContext,
  net: Model,
  { promise }: { readonly promise: number },
): Promise<ExampleResult> {
  const { epochs, batchSize, signal, onCompile } = context;
  const { train, validation } = await splitDigits(context);

  net.compile({
    optimizer: optimizers.adam({ learningRate: 1e-3 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });

  const stepsPerEpoch = Math.ceil(train.rows / batchSize);
  context.show({ model: net, test: validation, stepsPerEpoch, steps: epochs * stepsPerEpoch });
  const { history } = await context.follow(
    net.fit(train.images, train.labels, {
      epochs,
      batchSize,
      validationData: { x: validation.images, y: validation.labels },
      callbacks: [{ onEpochEnd: (epoch, logs) => context.epochEnd(epoch, logs) }],
      signal,
      onCompile,
    }),
  );

  const accuracy = history.val_accuracy?.at(-1) ?? Number.NaN;
  const loss = history.val_loss?.at(-1) ?? Number.NaN;
  const all = train.rows + validation.rows;
  return {
    loss,
    accuracy,
    measuredOn: `validation: ${validation.rows} held-out digits`,
    details: [
      `validation accuracy on held-out digits ${accuracy.toFixed(4)}, loss ${loss.toFixed(4)} (${validation.rows} of ${all})`,
    ],
    passed: accuracy >= promise,
  };
}
