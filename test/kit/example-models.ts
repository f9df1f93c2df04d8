/** The example models of the demo, with data of their shapes: what plans are counted on. */

import { layers, losses, type Model, type NDArray, optimizers, sequential } from '../../src/index.js';

export interface ExampleModel {
  readonly model: Model<NDArray>;
  readonly x: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  readonly y: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
  readonly batchSize: number;
}

const CELSIUS = Float32Array.of(-40, -10, 0, 8, 15, 22, 38);

/** One neuron on `x` → `y`. */
function neuron(x: Float32Array<ArrayBuffer>, y: Float32Array<ArrayBuffer>): ExampleModel {
  const model = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed: 42 });
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: losses.meanSquaredError() });
  return { model, x, y, shape: [x.length, 1], batchSize: 32 };
}

/** 784 bytes through relu layers of `hidden` units to ten classes. */
function images(hidden: readonly number[], rows: number): ExampleModel {
  const model = sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [784] }),
      ...hidden.map((units) => layers.dense({ units, activation: 'relu' })),
      layers.dense({ units: 10 }),
    ],
    { seed: 42 },
  );
  return classifying(model, rows, [784]);
}

/** With sparse cross-entropy on logits, Adam and accuracy; `image` is the shape of one example. */
function classifying(model: Model<NDArray>, rows: number, image: readonly number[]): ExampleModel {
  model.compile({
    optimizer: optimizers.adam({ learningRate: 1e-3 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  const x = Uint8Array.from({ length: rows * 784 }, (_, index) => (index * 2_654_435_761) >>> 24);
  const y = Uint8Array.from({ length: rows }, (_, row) => (row * 7) % 10);
  return { model, x, y, shape: [rows, ...image], batchSize: 32 };
}

/** 28×28 bytes through two convolutions, each pooled, to ten classes, with dropout before the last layer. */
function convolutional(rows: number): ExampleModel {
  const conv = { kernelSize: 3, activation: 'relu' } as const;
  const model = sequential(
    [
      layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }),
      layers.conv2d({ filters: 32, ...conv }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, ...conv }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 10 }),
    ],
    { seed: 42 },
  );
  return classifying(model, rows, [28, 28, 1]);
}

/** `rows` is the number of synthetic examples of the image models. */
export const EXAMPLE_MODELS: Readonly<Record<string, (rows?: number) => ExampleModel>> = {
  celsius: () =>
    neuron(
      CELSIUS,
      CELSIUS.map((degrees) => degrees * 1.8 + 32),
    ),
  'ten-times': () => {
    const x = Float32Array.from({ length: 10 }, (_, index) => index + 1);
    return neuron(
      x,
      x.map((value) => 10 * value),
    );
  },
  'fashion-mnist': (rows = 64) => images([128], rows),
  digits: (rows = 64) => images([50, 50], rows),
  'fashion-cnn': (rows = 64) => convolutional(rows),
};
