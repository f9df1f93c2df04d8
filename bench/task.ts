/** Training tasks as plain data, the same for every engine and for the oracle: network, weights, examples, optimizer. */

import type { Size } from './case.js';

export interface DenseLayer {
  readonly units: number;
  readonly activation: 'relu' | 'linear';
}

export interface Task {
  readonly name: string;
  readonly features: number;
  readonly layers: readonly DenseLayer[];
  readonly rows: number;
  /** Rows of one step; a divisor of `rows`. */
  readonly batch: number;
  /** rows × features; bytes stand for value / 255. */
  readonly x: Float32Array | Uint8Array;
  /** Class labels, or rows × outputs values for the mean squared error. */
  readonly y: Int32Array | Float32Array;
  readonly loss: 'softmaxCrossentropy' | 'meanSquaredError';
  readonly learningRate: number;
  /** Kernel [in, out] and bias [out] of each layer. */
  readonly weights: readonly Float32Array[];
}

/** Adam's other numbers, given to every engine. */
export const ADAM = Object.freeze({ beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });

/** The same numbers on every machine: a multiplicative generator, from 0 up to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function glorot(features: number, layers: readonly DenseLayer[]): Float32Array[] {
  const next = numbers(7);
  let fanIn = features;
  return layers.flatMap(({ units }) => {
    const limit = Math.sqrt(6 / (fanIn + units));
    const kernel = Float32Array.from({ length: fanIn * units }, () => (2 * next() - 1) * limit);
    fanIn = units;
    return [kernel, new Float32Array(units)];
  });
}

/** Dense 1→1 on seven pairs. */
export function celsius(): Task {
  const x = Float32Array.of(-40, -10, 0, 8, 15, 22, 38);
  const layers = [{ units: 1, activation: 'linear' }] as const;
  return {
    name: 'celsius',
    features: 1,
    layers,
    rows: 7,
    batch: 7,
    x,
    y: Float32Array.of(-40, 14, 32, 46.4, 59, 71.6, 100.4),
    loss: 'meanSquaredError',
    learningRate: 0.1,
    weights: glorot(1, layers),
  };
}

/** 784-128-10 on one batch of 128. */
export function mlp(size: Size): Task {
  const [features, hidden, rows] = size === 'tiny' ? [12, 8, 6] : [784, 128, 128];
  const next = numbers(11);
  return {
    name: 'mlp',
    features,
    ...classifier(features, hidden),
    rows,
    batch: rows,
    x: Float32Array.from({ length: rows * features }, next),
    y: Int32Array.from({ length: rows }, () => Math.floor(next() * 10)),
  };
}

/** The step of Fashion-MNIST's example: bytes, batches of 32 gathered from a data set on the device. */
export function fashionMnist(size: Size): Task {
  const [features, hidden, batch, batches] = size === 'tiny' ? [12, 8, 4, 6] : [784, 128, 32, 60];
  const rows = batch * batches;
  const next = numbers(13);
  return {
    name: 'fashion-mnist',
    features,
    ...classifier(features, hidden),
    rows,
    batch,
    x: Uint8Array.from({ length: rows * features }, () => Math.floor(next() * 256)),
    y: Int32Array.from({ length: rows }, () => Math.floor(next() * 10)),
  };
}

function classifier(
  features: number,
  hidden: number,
): Pick<Task, 'layers' | 'loss' | 'learningRate' | 'weights'> {
  const layers = [
    { units: hidden, activation: 'relu' },
    { units: 10, activation: 'linear' },
  ] as const;
  return { layers, loss: 'softmaxCrossentropy', learningRate: 1e-3, weights: glorot(features, layers) };
}

export const stepsPerEpoch = ({ rows, batch }: Task): number => rows / batch;

/** Shapes of `task.weights`, in order. */
export function weightShapes({ features, layers }: Task): (readonly number[])[] {
  return layers.flatMap(({ units }, index) => [[layers[index - 1]?.units ?? features, units], [units]]);
}
