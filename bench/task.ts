/** What a training task is, as plain data, the same for every engine and for the oracle: network, weights, examples, optimizer. */

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

/** A recurrent cell over all steps, of which the last state goes on; gates are sigmoids. */
export interface RecurrentLayer {
  /** `gru` applies its reset gate behind the recurrent product, `gruResetBefore` before it. */
  readonly cell: 'simpleRNN' | 'gru' | 'gruResetBefore' | 'lstm';
  readonly units: number;
  readonly activation: 'tanh';
}

export type TaskLayer = DenseLayer | ConvLayer | RecurrentLayer;

export const isConv = (layer: TaskLayer): layer is ConvLayer => 'filters' in layer;
export const isRecurrent = (layer: TaskLayer): layer is RecurrentLayer => 'cell' in layer;

/** The layers of a network of dense ones alone; throws where there are others. */
export function denseLayers({ layers }: Pick<Task, 'layers'>): readonly DenseLayer[] {
  return layers.map((layer) => {
    if (isConv(layer) || isRecurrent(layer)) throw new RangeError('only dense networks are measured so');
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
  /** The features of an example as [steps, features of each], where the first layer is recurrent. */
  readonly sequence?: readonly [number, number];
  /** Convolutions or a recurrent layer first. */
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
  /** In the order of `weightSpecs`. */
  readonly weights: readonly Float32Array[];
}

export type Network = Pick<Task, 'features' | 'image' | 'sequence' | 'layers'>;

/**
 * Adam's other numbers, given to every engine. ε is too small to matter: TensorFlow.js adds it to √v behind the correction of the bias, the
 * others before, and many gradients of a recurrent network are smaller than 1e-7.
 */
export const ADAM = Object.freeze({ beta1: 0.9, beta2: 0.999, epsilon: 1e-10 });

export const stepsPerEpoch = ({ rows, batch }: Task): number => rows / batch;

/** The shape of one example for the first layer. */
export const exampleShape = ({ features, image, sequence }: Network): readonly number[] =>
  image ?? sequence ?? [features];

export interface WeightSpec {
  readonly shape: readonly number[];
  readonly bias: boolean;
}

/** All weights, in order; see `layerSpecs`. */
export const weightSpecs = (network: Network): WeightSpec[] => {
  const inputs = inputShapes(network);
  return network.layers.flatMap((layer, index) => layerSpecs(layer, inputs[index] ?? []));
};

/** Shapes of `task.weights`, in order. */
export const weightShapes = (network: Network): (readonly number[])[] =>
  weightSpecs(network).map(({ shape }) => shape);

/** `weights`, or what stands for them, layer by layer. */
export function byLayer<T>(network: Network, weights: readonly T[]): T[][] {
  const inputs = inputShapes(network);
  let from = 0;
  return network.layers.map((layer, index) => {
    const count = layerSpecs(layer, inputs[index] ?? []).length;
    from += count;
    return weights.slice(from - count, from);
  });
}

/** Columns of a recurrent cell's kernels, in units: gates i, f, g, o or z, r, n side by side. */
export const GATES: Readonly<Record<RecurrentLayer['cell'], number>> = {
  simpleRNN: 1,
  gru: 3,
  gruResetBefore: 3,
  lstm: 4,
};

/**
 * Dense: kernel [in, out], bias [out]. Convolution: kernel [height, width, in, out], bias [out]. Recurrent: kernel [in, gates · units],
 * recurrent kernel [units, gates · units], bias [gates · units], which `gru` has for each of the two products.
 */
function layerSpecs(layer: TaskLayer, input: readonly number[]): WeightSpec[] {
  const kernel = (...shape: number[]): WeightSpec => ({ shape, bias: false });
  const bias = (...shape: number[]): WeightSpec => ({ shape, bias: true });
  const last = input.at(-1) ?? 0;
  if (isConv(layer)) {
    return [kernel(layer.kernelSize, layer.kernelSize, last, layer.filters), bias(layer.filters)];
  }
  if (isRecurrent(layer)) {
    const columns = GATES[layer.cell] * layer.units;
    const shift = layer.cell === 'gru' ? bias(2, columns) : bias(columns);
    return [kernel(last, columns), kernel(layer.units, columns), shift];
  }
  const features = input.reduce((product, extent) => product * extent, 1);
  return [kernel(features, layer.units), bias(layer.units)];
}

/** What each layer takes of an example: an image, a sequence, or [features] behind a dense or recurrent layer. */
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
