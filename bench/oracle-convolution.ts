/** A convolution with its pooling in float64, by plain loops: forward and backward of one example. */

import type { ConvLayer, Image } from './task.js';

/** What one layer made of one example. */
export interface Convolved {
  /** [height, width, filters] behind the pooling. */
  readonly output: Float64Array;
  /** Where each of them lies in the image before the pooling. */
  readonly winners: Uint32Array;
}

/** y = maxima of windows of activation(Σ x · kernel + bias); the first of equal cells wins. */
export function convForward(
  layer: ConvLayer,
  input: Float64Array,
  shape: Image,
  weights: Weights,
): Convolved {
  const { filters, poolSize } = layer;
  const [rows, columns, height, width] = extents(layer, shape);
  const image = new Float64Array(rows * columns * filters);
  for (let cell = 0; cell < image.length; cell += filters) image.set(weights.bias, cell);
  forEachProduct(layer, shape, (x, kernel, y) => {
    const value = at(input, x);
    for (let k = 0; k < filters; k++)
      image[y + k] = at(image, y + k) + value * at(weights.kernel, kernel + k);
  });
  const output = new Float64Array(height * width * filters).fill(Number.NEGATIVE_INFINITY);
  const winners = new Uint32Array(output.length);
  for (let i = 0; i < height * poolSize; i++) {
    for (let j = 0; j < width * poolSize; j++) {
      for (let k = 0; k < filters; k++) {
        const cell = (i * columns + j) * filters + k;
        const to = (Math.floor(i / poolSize) * width + Math.floor(j / poolSize)) * filters + k;
        const value = layer.activation === 'relu' ? Math.max(0, at(image, cell)) : at(image, cell);
        if (value <= at(output, to)) continue;
        output[to] = value;
        winners[to] = cell;
      }
    }
  }
  return { output, winners };
}

/** Adds to the gradients of kernel and bias, gives that of the input; `dy` is that of the output before the activation. */
export function convBackward(layer: ConvLayer, pass: Backward): Float64Array {
  const { input, shape, convolved, dy, weights, gradients } = pass;
  const { filters } = layer;
  const [rows, columns] = extents(layer, shape);
  const image = new Float64Array(rows * columns * filters);
  dy.forEach((value, index) => {
    const k = index % filters;
    image[at(convolved.winners, index)] = value;
    gradients.bias[k] = at(gradients.bias, k) + value;
  });
  const dx = new Float64Array(input.length);
  forEachProduct(layer, shape, (x, kernel, y) => {
    const value = at(input, x);
    let sum = 0;
    for (let k = 0; k < filters; k++) {
      const gradient = at(image, y + k);
      gradients.kernel[kernel + k] = at(gradients.kernel, kernel + k) + value * gradient;
      sum += at(weights.kernel, kernel + k) * gradient;
    }
    dx[x] = at(dx, x) + sum;
  });
  return dx;
}

export interface Weights {
  /** [kernelSize, kernelSize, channels, filters]. */
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
}

interface Backward {
  readonly input: Float64Array;
  /** Of the input. */
  readonly shape: Image;
  readonly convolved: Convolved;
  readonly dy: Float64Array;
  readonly weights: Weights;
  readonly gradients: Weights;
}

/** Rows and columns before the pooling, and behind it. */
function extents(
  { kernelSize, poolSize }: ConvLayer,
  [height, width]: Image,
): [number, number, number, number] {
  const [rows, columns] = [height - kernelSize + 1, width - kernelSize + 1];
  return [rows, columns, Math.floor(rows / poolSize), Math.floor(columns / poolSize)];
}

/** Each element of the input with each row of filters that it meets, and where their products begin in the image. */
function forEachProduct(
  layer: ConvLayer,
  shape: Image,
  visit: (x: number, kernel: number, y: number) => void,
): void {
  const { kernelSize, filters } = layer;
  const [, width, channels] = shape;
  const [rows, columns] = extents(layer, shape);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let r = 0; r < kernelSize; r++) {
        for (let s = 0; s < kernelSize; s++) {
          for (let c = 0; c < channels; c++) {
            const x = ((i + r) * width + j + s) * channels + c;
            visit(x, ((r * kernelSize + s) * channels + c) * filters, (i * columns + j) * filters);
          }
        }
      }
    }
  }
}

const at = (array: ArrayLike<number>, index: number): number => array[index] as number;
