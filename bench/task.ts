/** Training tasks as plain data, the same for every engine and for the oracle: network, weights, examples, optimizer. */

import type { Size } from './case.js';

export interface DenseLayer {
  readonly units: number;
  readonly activation: 'relu' | 'linear';
}

/** Stride 1 and no padding, then the activation, then the maxima of windows side by side. */
export interface ConvLayer {
  readonly filters: number;
  /** Cells of a side. */
  readonly kernelSize: number;
  readonly poolSize: number;
  readonly activation: 'relu' | 'linear';
}

export type TaskLayer = DenseLayer | ConvLayer;

export const isConv = (layer: TaskLayer): layer is ConvLayer => 'filters' in layer;

/** The layers of a network without convolutions; throws where there are some. */
export function denseLayers({ layers }: Pick<Task, 'layers'>): readonly DenseLayer[] {
  return layers.map((layer) => {
    if (isConv(layer)) throw new RangeError('only dense networks are measured so');
    return layer;
  });
}

/** [height, width, channels]. */
export type Image = readonly [number, number, number];

export interface Task {
  readonly name: string;
  readonly features: number;
  /** The features of an example as an image, where the first layers are convolutions. */
  readonly image?: Image;
  /** Convolutions first. */
  readonly layers: readonly TaskLayer[];
  readonly rows: number;
  /** Rows of one step; a divisor of `rows`. */
  readonly batch: number;
  /** rows × features; bytes stand for value / 255. */
  readonly x: Float32Array | Uint8Array;
  /** Class labels, or rows × outputs values for the mean squared error. */
  readonly y: Int32Array | Float32Array;
  readonly loss: 'softmaxCrossentropy' | 'meanSquaredError';
  readonly learningRate: number;
  /** Kernel and bias of each layer: [in, out], or [height, width, in, out] of a convolution; and [out]. */
  readonly weights: readonly Float32Array[];
}

type Network = Pick<Task, 'features' | 'image' | 'layers'>;

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

/** Uniform kernels within ±√(6 / (fan in + fan out)), biases of 0. */
function glorot(network: Network): Float32Array[] {
  const next = numbers(7);
  return weightShapes(network).map((shape) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (shape.length === 1) return new Float32Array(size);
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

export const stepsPerEpoch = ({ rows, batch }: Task): number => rows / batch;

/** The shape of one example for the first layer. */
export const exampleShape = ({ features, image }: Network): readonly number[] => image ?? [features];

/** Shapes of `task.weights`, in order. */
export function weightShapes(network: Network): (readonly number[])[] {
  return inputShapes(network).flatMap((shape, index) => {
    const layer = network.layers[index] as TaskLayer;
    if (!isConv(layer))
      return [[shape.reduce((product, extent) => product * extent, 1), layer.units], [layer.units]];
    return [[layer.kernelSize, layer.kernelSize, shape.at(-1) ?? 0, layer.filters], [layer.filters]];
  });
}

/** What each layer takes of an example: [height, width, channels], or [features] behind a dense layer. */
export function inputShapes(network: Network): (readonly number[])[] {
  let shape = exampleShape(network);
  return network.layers.map((layer) => {
    const taken = shape;
    shape = isConv(layer) ? pooledShape(layer, taken as Image) : [layer.units];
    return taken;
  });
}

/** What a convolution with its pooling makes of an image. */
function pooledShape({ filters, kernelSize, poolSize }: ConvLayer, [height, width]: Image): Image {
  const pooled = (extent: number): number => Math.floor((extent - kernelSize + 1) / poolSize);
  return [pooled(height), pooled(width), filters];
}
