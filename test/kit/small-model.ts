/** A classifier of 4 features and 3 classes with its data, small enough for the CPU device. */

import type { NDArray } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { type Model, sequential } from '../../src/nn/model.js';
import * as optimizers from '../../src/optim/index.js';
import { fill } from './fill.js';

export const FEATURES = 4;
export const CLASSES = 3;

export interface Examples {
  readonly x: Float32Array<ArrayBuffer>;
  readonly y: Int32Array<ArrayBuffer>;
}

/** Labels that can be learnt: the place of the largest of the first three features. */
export function examples(rows: number, seed = 5): Examples {
  const x = Float32Array.from(fill({ shape: [rows, FEATURES] }, seed, 0).data);
  const y = Int32Array.from({ length: rows }, (_, row) => {
    const scores = Array.from(x.subarray(row * FEATURES, row * FEATURES + CLASSES));
    return scores.indexOf(Math.max(...scores));
  });
  return { x, y };
}

export function smallModel(options: { seed?: number; dropout?: number } = {}): Model<NDArray> {
  const { seed = 7, dropout } = options;
  return sequential(
    [
      layers.dense({ units: 5, activation: 'tanh', inputShape: [FEATURES], name: 'hidden' }),
      ...(dropout === undefined ? [] : [layers.dropout({ rate: dropout })]),
      layers.dense({ units: CLASSES, name: 'logits' }),
    ],
    { seed },
  );
}

export function compiled(options: Parameters<typeof smallModel>[0] = {}): Model<NDArray> {
  const net = smallModel(options);
  net.compile({
    optimizer: optimizers.adam({ learningRate: 0.02 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  return net;
}

/** All weights, one after the other. */
export async function weightsOf(net: { getWeights(): Promise<NDArray[]> }): Promise<number[]> {
  return (await net.getWeights()).flatMap(({ data }) => Array.from(data));
}
