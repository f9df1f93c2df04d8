/**
 * Clothes by a small residual network, built as a graph: each block adds what it finds to what it was given, so that gradients reach
 * the first layers undiminished.
 */

import { layers, type Model, model, type SymbolicTensor } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';
import { learnFashion } from './fashion.js';

/** One pass over the pictures is enough; with more, the promise stays the same. */
const PROMISE = 0.88;

/** Images [28, 28, 1] of bytes in, ten logits out. */
export function residualNetwork(seed: number): Model {
  const inputs = layers.input({ shape: [28, 28, 1] });
  const pixels = layers.rescaling({ scale: 1 / 255 }).apply(inputs);
  let x = relu(normalized(convolved(pixels, 16, 3, 2))); // [batch, 14, 14, 16]
  x = block(x, 16, 1);
  x = block(x, 32, 2); // [batch, 7, 7, 32]
  x = block(x, 32, 1);
  const outputs = layers.dense({ units: 10 }).apply(layers.globalAveragePooling2d().apply(x));
  return model({ inputs, outputs, seed });
}

export function fashionResnet(context: ExampleContext): Promise<ExampleResult> {
  const rates = { learningRate: 3e-3, settledRate: 6e-4 };
  return learnFashion(context, residualNetwork(context.seed), { promise: PROMISE, ...rates });
}

/** relu(x + normalised(conv(relu(normalised(conv(x)))))). Where the shape changes, a 1 × 1 convolution brings x to the new one. */
function block(x: SymbolicTensor, filters: number, strides: number): SymbolicTensor {
  const found = normalized(convolved(relu(normalized(convolved(x, filters, 3, strides))), filters, 3, 1));
  const given = strides === 1 ? x : normalized(convolved(x, filters, 1, strides));
  return relu(layers.add().apply([found, given]));
}

/** Without a bias: the normalisation behind it has one. */
function convolved(x: SymbolicTensor, filters: number, kernelSize: number, strides: number): SymbolicTensor {
  return layers
    .conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer: 'heNormal' })
    .apply(x);
}

const normalized = (x: SymbolicTensor): SymbolicTensor =>
  layers.batchNormalization({ momentum: 0.9 }).apply(x);
const relu = (x: SymbolicTensor): SymbolicTensor => layers.activation({ activation: 'relu' }).apply(x);
