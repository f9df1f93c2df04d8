/** The tasks that are measured. */

import type { Size } from './case.js';
import { type Network, type RecurrentLayer, type Task, type TaskLayer, weightSpecs } from './task.js';

/** The same numbers on every machine: a multiplicative generator, from 0 up to 1. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Uniform kernels within ±√(6 / (fan in + fan out)), biases of 0. */
function glorot(network: Network): Float32Array[] {
  const next = numbers(7);
  return weightSpecs(network).map(({ shape, bias }) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (bias) return new Float32Array(size);
    const cells = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
    const limit = Math.sqrt(6 / (cells * ((shape.at(-2) ?? 0) + (shape.at(-1) ?? 0))));
    return Float32Array.from({ length: size }, () => (2 * next() - 1) * limit);
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
    weights: glorot({ features: 1, layers }),
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

/** Two convolutions, each pooled, and two dense layers, on one batch of 32 images. */
export function cnn(size: Size): Task {
  const [side, filters, hidden, rows] = size === 'tiny' ? [12, 4, 8, 6] : [28, 32, 128, 32];
  const conv = { kernelSize: 3, poolSize: 2, activation: 'relu' } as const;
  const layers: readonly TaskLayer[] = [
    { filters, ...conv },
    { filters: 2 * filters, ...conv },
    { units: hidden, activation: 'relu' },
    { units: 10, activation: 'linear' },
  ];
  const network: Network = { features: side * side, image: [side, side, 1], layers };
  const next = numbers(17);
  return {
    name: 'cnn',
    ...network,
    rows,
    batch: rows,
    x: Float32Array.from({ length: rows * side * side }, next),
    y: Int32Array.from({ length: rows }, () => Math.floor(next() * 10)),
    loss: 'softmaxCrossentropy',
    learningRate: 1e-3,
    weights: glorot(network),
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
  return { layers, loss: 'softmaxCrossentropy', learningRate: 1e-3, weights: glorot({ features, layers }) };
}

/** The extents of a recurrent task. */
export interface Sequences {
  readonly batch: number;
  readonly steps: number;
  readonly features: number;
  readonly units: number;
}

/** The state of a recurrent cell after the last step, and a dense layer of ten classes on it, on one batch of sequences. */
export function sequenceTask(
  name: string,
  cell: RecurrentLayer['cell'],
  { batch, steps, features, units }: Sequences,
): Task {
  const layers: readonly TaskLayer[] = [
    { cell, units, activation: 'tanh' },
    { units: 10, activation: 'linear' },
  ];
  const network: Network = { features: steps * features, sequence: [steps, features], layers };
  const next = numbers(19);
  return {
    name,
    ...network,
    rows: batch,
    batch,
    x: Float32Array.from({ length: batch * steps * features }, () => 2 * next() - 1),
    y: Int32Array.from({ length: batch }, () => Math.floor(next() * 10)),
    loss: 'softmaxCrossentropy',
    learningRate: 5e-3,
    weights: glorot(network),
  };
}

/** Simple recurrent cell: 40 steps of 32 features, 64 units, batch 32. */
export const rnn = (size: Size): Task =>
  sequenceTask(
    'rnn',
    'simpleRNN',
    size === 'tiny' ? TINY : { batch: 32, steps: 40, features: 32, units: 64 },
  );

/** LSTM: 40 steps of 64 features, 128 units, batch 32. */
export const lstm = (size: Size): Task => sequenceTask('lstm', 'lstm', gated(size));

/** GRU of the same extents, its reset gate behind the recurrent product. */
export const gru = (size: Size): Task => sequenceTask('gru', 'gru', gated(size));

/** The older GRU, whose reset gate stands before the recurrent product; as many products of the same extents. */
export const gruResetBefore = (size: Size): Task => sequenceTask('gru', 'gruResetBefore', gated(size));

const TINY: Sequences = { batch: 3, steps: 3, features: 5, units: 8 };
const gated = (size: Size): Sequences =>
  size === 'tiny' ? TINY : { batch: 32, steps: 40, features: 64, units: 128 };
