/** Small models and data for the cases of training: seconds at most, and every part of a real one. */

import { layers, losses, type Model, type NDArray, optimizers, sequential } from '../../src/index.js';
import type { CaseContext } from '../gpu/kit.js';

export interface Examples {
  readonly x: { readonly data: Float32Array<ArrayBuffer>; readonly shape: readonly number[] };
  readonly y: Int32Array<ArrayBuffer>;
}

export const FEATURES = 6;
export const CLASSES = 3;

/** Rows in three bunches, one per class. */
export function bunches(rows: number): Examples {
  const data = Float32Array.from({ length: rows * FEATURES }, (_, index) => {
    const [row, column] = [Math.floor(index / FEATURES), index % FEATURES];
    return Math.sin(index * 12.9898) * 0.7 + (column % CLASSES === row % CLASSES ? 1 : 0);
  });
  return {
    x: { data, shape: [rows, FEATURES] },
    y: Int32Array.from({ length: rows }, (_, row) => row % CLASSES),
  };
}

export interface TinyOptions {
  readonly seed?: number;
  readonly dropout?: number;
}

/** 6 → 8 (relu, dropout) → 3, Adam, compiled. */
export function classifier({ seed = 7, dropout = 0.1 }: TinyOptions = {}): Model<NDArray> {
  const net = sequential(
    [
      layers.dense({ units: 8, activation: 'relu', inputShape: [FEATURES] }),
      layers.dropout({ rate: dropout }),
      layers.dense({ units: CLASSES }),
    ],
    { seed },
  );
  net.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  return net;
}

/** One neuron, plain gradient descent. */
export function neuron(
  learningRate = 0.05,
  loss: Parameters<Model['compile']>[0]['loss'] = 'meanSquaredError',
): Model<NDArray> {
  const net = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed: 3 });
  net.compile({ optimizer: optimizers.sgd({ learningRate }), loss });
  return net;
}

/** The weights, one array. */
export async function weightsOf(net: Model): Promise<Float32Array<ArrayBuffer>> {
  return Float32Array.from((await net.getWeights()).flatMap(({ data }) => Array.from(data)));
}

/** The weights after `steps` steps of a fit that nothing disturbs. */
export async function weightsAfter(
  steps: number,
  make: () => Model,
  batchSize: number,
  rows: number,
): Promise<Float32Array<ArrayBuffer>> {
  const net = make();
  const { x, y } = bunches(rows);
  let done = 0;
  const run = net.fit(x, y, {
    batchSize,
    epochs: 100,
    stepsPerSubmit: 1,
    callbacks: [
      {
        onBatchEnd() {
          if (++done === steps) run.stop();
        },
      },
    ],
  });
  await run;
  const weights = await weightsOf(net);
  net.dispose();
  return weights;
}

/** `net`, which goes with the case. */
export function keep<M extends Model>(ctx: CaseContext, net: M): M {
  ctx.onCleanup(() => net.dispose());
  return net;
}
