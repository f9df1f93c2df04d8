/**
 * A convolutional autoencoder that learns to see through noise: it is shown digits with noise on them, and asked for the digits
 * without. The picture has to pass through 7 × 7 cells of 8 numbers, half as many as it has pixels: there is no room for the noise.
 */

import { layers, losses, type Model, type NDArray, optimizers, sequential } from 'heddle';
import { randomStream } from '../../src/core/random.js';
import type { PackedImages } from '../data/datasets.js';
import type { ExampleContext, ExampleResult, Strip } from './example.js';
import { splitDigits } from './held-out.js';

/** Standard deviation of the noise; pixels go from 0 to 1. */
const NOISE = 0.4;
/** What is left of the noise, as a share of its mean square, at most. */
const PROMISE = 0.2;
/** Pictures on show. */
const SHOWN = 10;

export async function denoise(context: ExampleContext): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile } = context;
  const { train, validation } = await splitDigits(context);

  const net = autoencoder(seed);
  net.compile({ optimizer: optimizers.adam({ learningRate: 2e-3 }), loss: losses.meanSquaredError() });

  // The layer's noise is there in training alone: what is held out brings its own, the same for every look at it.
  const clean = unit(validation);
  const noisy = withNoise(clean, seed);
  const restored = async (): Promise<readonly Strip[]> => {
    const shown = { ...noisy, data: noisy.data.subarray(0, SHOWN * 784), shape: [SHOWN, 28, 28, 1] };
    const { data } = (await net.predict(shown, { batchSize: SHOWN })) as NDArray;
    return [
      { title: 'with noise', pixels: shown.data },
      { title: 'restored', pixels: data as Float32Array },
      { title: 'as it was', pixels: clean.data.subarray(0, SHOWN * 784) },
    ].map((strip) => ({ ...strip, width: 28, height: 28 }));
  };

  const stepsPerEpoch = Math.ceil(train.rows / batchSize);
  context.show({ model: net, strips: restored, stepsPerEpoch, steps: epochs * stepsPerEpoch });
  const target = unit(train);
  await context.follow(net.fit(target, target, { epochs, batchSize, signal, onCompile }));

  context.stage('restoring the held-out digits');
  const { loss } = (await net.evaluate(noisy, clean)) as { loss: number };
  const before = meanSquare(noisy.data, clean.data);
  return {
    loss,
    measuredOn: `mean squared error on ${validation.rows} held-out digits with noise`,
    details: [
      `mean squared error ${loss.toFixed(4)} after restoring, ${before.toFixed(4)} before: ${((100 * loss) / before).toFixed(1)} % is left`,
      `measured on ${validation.rows} held-out digits, with noise of a standard deviation of ${NOISE}`,
    ],
    passed: loss <= PROMISE * before,
  };
}

/** [batch, 28, 28, 1] → [batch, 28, 28, 1]. */
export function autoencoder(seed: number): Model {
  const conv = { kernelSize: 3, padding: 'same', activation: 'relu' } as const;
  return sequential(
    [
      layers.gaussianNoise({ stddev: NOISE, inputShape: [28, 28, 1] }),
      layers.conv2d({ filters: 16, ...conv }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 8, ...conv }),
      layers.maxPooling2d({ name: 'code' }), // [batch, 7, 7, 8]
      layers.conv2d({ filters: 16, ...conv }),
      layers.upSampling2d(),
      layers.conv2d({ filters: 16, ...conv }),
      layers.upSampling2d(),
      // No sigmoid: where most pixels are black, its gradient vanishes before the digits show.
      layers.conv2d({ filters: 1, ...conv, activation: 'linear' }),
    ],
    { seed },
  );
}

interface Pictures {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Numbers from 0 to 1. */
function unit({ images, rows, height, width }: PackedImages): Pictures {
  return { data: Float32Array.from(images, (ink) => ink / 255), shape: [rows, height, width, 1] };
}

function withNoise({ data, shape }: Pictures, seed: number): Pictures {
  const random = randomStream(seed, 0);
  return { data: data.map((pixel) => pixel + NOISE * random.normal()), shape };
}

function meanSquare(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += ((a[index] ?? 0) - (b[index] ?? 0)) ** 2;
  return sum / a.length;
}
