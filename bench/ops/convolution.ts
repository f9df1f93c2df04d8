/** Convolutions of images, and their gradients to the image and to the filter. */

import type { Size } from '../case.js';
import { addTerm, emptySum, sumError } from './bounds.js';
import {
  at,
  type Convolution,
  costOf,
  even,
  type OperandData,
  type OpTask,
  type Oracle,
  type Shape,
  split,
} from './task.js';

type Layer = Omit<Convolution, 'kind' | 'part'>;

const LAYERS: Readonly<Record<string, Readonly<Record<Size, Layer>>>> = {
  'conv-3x3': {
    full: { image: [8, 56, 56, 64], filters: 64, size: 3, stride: 1, padding: 'same' },
    tiny: { image: [2, 5, 6, 8], filters: 9, size: 3, stride: 1, padding: 'same' },
  },
  'conv-cnn-1': {
    full: { image: [32, 28, 28, 1], filters: 32, size: 3, stride: 1, padding: 'valid' },
    tiny: { image: [2, 6, 6, 1], filters: 4, size: 3, stride: 1, padding: 'valid' },
  },
  'conv-cnn-2': {
    full: { image: [32, 13, 13, 32], filters: 64, size: 3, stride: 1, padding: 'valid' },
    tiny: { image: [2, 5, 5, 4], filters: 8, size: 3, stride: 1, padding: 'valid' },
  },
  'conv-strided': {
    full: { image: [8, 56, 56, 64], filters: 128, size: 3, stride: 2, padding: 'same' },
    tiny: { image: [2, 6, 6, 4], filters: 5, size: 3, stride: 2, padding: 'same' },
  },
  'conv-1x1': {
    full: { image: [8, 56, 56, 64], filters: 256, size: 1, stride: 1, padding: 'valid' },
    tiny: { image: [2, 4, 4, 8], filters: 17, size: 1, stride: 1, padding: 'valid' },
  },
};

const WORDS: Readonly<Record<Convolution['part'], string>> = {
  forward: 'forward',
  'input-gradient': 'the gradient to the images',
  'filter-gradient': 'the gradient to the filter',
};

export function convolutionTasks(size: Size): OpTask[] {
  return Object.entries(LAYERS).flatMap(([name, layers]) =>
    (Object.keys(WORDS) as Convolution['part'][])
      // Nobody asks for the gradient to the images of a first layer.
      .filter((part) => part !== 'input-gradient' || name !== 'conv-cnn-1')
      .map((part) => convolutionTask(`${name}/${part}`, { kind: 'convolution', part, ...layers[size] })),
  );
}

/** [height, width] of what a convolution gives. */
export const convolvedExtents = ({
  image: [, height, width],
  size,
  stride,
  padding,
}: Layer): [number, number] => {
  const extent = (from: number): number => Math.ceil((padding === 'same' ? from : from - size + 1) / stride);
  return [extent(height), extent(width)];
};

/** Cells that are added before the first one: half of what 'same' needs, rounded down. */
const before = ({ size, stride, padding }: Layer, from: number, to: number): number =>
  padding === 'same' ? Math.floor(Math.max(0, (to - 1) * stride + size - from) / 2) : 0;

export const convolutionShapes = (layer: Layer): { x: Shape; filter: Shape; y: Shape } => {
  const { image, filters, size } = layer;
  return {
    x: image,
    filter: [size, size, image[3], filters],
    y: [image[0], ...convolvedExtents(layer), filters],
  };
};

function convolutionTask(name: string, op: Convolution): OpTask {
  const { x, filter, y } = convolutionShapes(op);
  const [batch, height, width, channels] = op.image;
  const { operands, results } = {
    forward: { operands: [even(...x), even(...filter)], results: [y] },
    'input-gradient': { operands: [even(...y), even(...filter)], results: [x] },
    'filter-gradient': { operands: [even(...x), even(...y)], results: [filter] },
  }[op.part];
  const [p, q] = convolvedExtents(op);
  return {
    name,
    about: `${WORDS[op.part]}: ${batch} images ${height}×${width}×${channels}, ${op.filters} filters ${op.size}×${op.size}, stride ${op.stride}, padding '${op.padding}'`,
    op,
    operands,
    results,
    // Cells beside the image count too: nobody leaves their products out.
    cost: costOf(2 * batch * p * q * op.filters * op.size * op.size * channels, { operands, results }),
    oracle: (data) => oracle(op, data),
  };
}

function oracle(op: Convolution, [first, second]: readonly OperandData[]): Oracle {
  if (!first || !second) throw new RangeError('a convolution has two operands');
  const [batch, height, width, channels] = op.image;
  const { filters, size, stride } = op;
  const [p, q] = convolvedExtents(op);
  const [top, left] = [before(op, height, p), before(op, width, q)];
  const inImage = (n: number, row: number, column: number, c: number): number =>
    ((n * height + row) * width + column) * channels + c;
  const inFilter = (r: number, s: number, c: number, k: number): number =>
    ((r * size + s) * channels + c) * filters + k;
  const inResult = (n: number, row: number, column: number, k: number): number =>
    ((n * p + row) * q + column) * filters + k;
  const onImage = (row: number, column: number): boolean =>
    row >= 0 && row < height && column >= 0 && column < width;

  /** y[n, i, j, k] = Σ x[n, i·stride + r − top, j·stride + s − left, c] · filter[r, s, c, k] */
  const forward = (place: number) => {
    const [n, i, j, k] = split(place, [p, q, filters]);
    const sum = emptySum();
    for (let r = 0; r < size; r++) {
      for (let s = 0; s < size; s++) {
        const [row, column] = [i * stride + r - top, j * stride + s - left];
        if (!onImage(row, column)) continue;
        for (let c = 0; c < channels; c++)
          addTerm(sum, at(first, inImage(n, row, column, c)) * at(second, inFilter(r, s, c, k)));
      }
    }
    return sum;
  };
  /** dx[n, row, column, c] = Σ dy[n, i, j, k] · filter[r, s, c, k] over all i, j, r, s that meet there. */
  const inputGradient = (place: number) => {
    const [n, row, column, c] = split(place, [height, width, channels]);
    const sum = emptySum();
    for (let r = 0; r < size; r++) {
      for (let s = 0; s < size; s++) {
        const [i, j] = [(row + top - r) / stride, (column + left - s) / stride];
        if (!Number.isInteger(i) || !Number.isInteger(j) || i < 0 || i >= p || j < 0 || j >= q) continue;
        for (let k = 0; k < filters; k++)
          addTerm(sum, at(first, inResult(n, i, j, k)) * at(second, inFilter(r, s, c, k)));
      }
    }
    return sum;
  };
  /** dfilter[r, s, c, k] = Σ x[n, i·stride + r − top, j·stride + s − left, c] · dy[n, i, j, k] */
  const filterGradient = (place: number) => {
    const [r, s, c, k] = split(place, [size, channels, filters]);
    const sum = emptySum();
    for (let n = 0; n < batch; n++) {
      for (let i = 0; i < p; i++) {
        for (let j = 0; j < q; j++) {
          const [row, column] = [i * stride + r - top, j * stride + s - left];
          if (!onImage(row, column)) continue;
          addTerm(sum, at(first, inImage(n, row, column, c)) * at(second, inResult(n, i, j, k)));
        }
      }
    }
    return sum;
  };
  const sumAt = { forward, 'input-gradient': inputGradient, 'filter-gradient': filterGradient }[op.part];
  return (_result, place) => {
    const sum = sumAt(place);
    return { value: sum.sum, tolerance: sumError(sum) };
  };
}
