/** Maxima and averages of windows of images, and their gradients. */

import type { Size } from '../case.js';
import { addTerm, DIVISION_ULPS, EPSILON, emptySum, sumError } from './bounds.js';
import {
  at,
  costOf,
  even,
  type OperandData,
  type OpTask,
  type Oracle,
  type Pool,
  type Probe,
  type Shape,
  split,
} from './task.js';

type Windows = Pick<Pool, 'image' | 'size' | 'stride'>;

const KINDS: Readonly<Record<string, Pick<Pool, 'of'> & Readonly<Record<Size, Windows>>>> = {
  'max-pool': {
    of: 'max',
    full: { image: [16, 112, 112, 64], size: 2, stride: 2 },
    tiny: { image: [2, 6, 8, 5], size: 2, stride: 2 },
  },
  'max-pool-3x3': {
    of: 'max',
    full: { image: [8, 113, 113, 64], size: 3, stride: 2 },
    tiny: { image: [2, 7, 9, 4], size: 3, stride: 2 },
  },
  'average-pool': {
    of: 'average',
    full: { image: [16, 112, 112, 64], size: 2, stride: 2 },
    tiny: { image: [2, 6, 8, 4], size: 2, stride: 2 },
  },
};

export function poolingTasks(size: Size): OpTask[] {
  return Object.entries(KINDS).flatMap(([name, { of, ...windows }]) =>
    (['forward', 'gradient'] as const).map((part) =>
      poolTask(`${name}/${part}`, { kind: 'pool', of, part, ...windows[size] }),
    ),
  );
}

export const pooledExtents = ({ image: [, height, width], size, stride }: Windows): [number, number] => [
  Math.floor((height - size) / stride) + 1,
  Math.floor((width - size) / stride) + 1,
];

export const pooledShape = (op: Windows): Shape => [op.image[0], ...pooledExtents(op), op.image[3]];

function poolTask(name: string, op: Pool): OpTask {
  const [n, h, w, c] = op.image;
  const y = pooledShape(op);
  const forward = op.part === 'forward';
  const gradient = op.of === 'max' ? [even(...op.image), even(...y)] : [even(...y)];
  const shapes = { operands: forward ? [even(...op.image)] : gradient, results: [forward ? y : op.image] };
  const words = op.of === 'max' ? 'maxima' : 'averages';
  const which =
    op.of === 'max' ? 'the gradient, with as much of the forward pass as it needs' : 'the gradient';
  return {
    name,
    about: `${forward ? words : `${which}: ${words}`} of windows ${op.size}×${op.size}, stride ${op.stride}, of ${n} images ${h}×${w}×${c}`,
    op,
    ...shapes,
    cost: costOf(
      y.reduce((a, b) => a * b, op.size * op.size),
      shapes,
    ),
    oracle: (data) => (forward ? forwardOracle(op, data) : gradientOracle(op, data)),
  };
}

function forwardOracle(op: Pool, [x]: readonly OperandData[]): Oracle {
  if (!x) throw new RangeError('pooling takes images');
  return (_result, place): Probe => {
    const cells = windowCells(op, place).map((cell) => at(x, cell));
    if (op.of === 'max') return { value: Math.max(...cells), tolerance: 0 };
    const sum = emptySum();
    for (const cell of cells) addTerm(sum, cell);
    const value = sum.sum / cells.length;
    return {
      value,
      tolerance: sumError(sum) / cells.length + DIVISION_ULPS * EPSILON * Math.abs(value),
    };
  };
}

/** Each window gives its share to all of its cells, or its whole to the first largest one. */
function gradientOracle(op: Pool, data: readonly OperandData[]): Oracle {
  const [x, dy] = op.of === 'max' ? data : [null, data[0]];
  if (!dy) throw new RangeError('a gradient takes dy');
  return (_result, place): Probe => {
    const sum = emptySum();
    for (const output of windowsOver(op, place)) {
      const cells = windowCells(op, output);
      if (!x) addTerm(sum, at(dy, output) / cells.length);
      else if (cells.reduce((best, cell) => (at(x, cell) > at(x, best) ? cell : best)) === place)
        addTerm(sum, at(dy, output));
    }
    const share = op.of === 'average' ? DIVISION_ULPS * EPSILON * Math.sqrt(sum.n * sum.squares) : 0;
    return { value: sum.sum, tolerance: (sum.n > 1 ? sumError(sum) : 0) + share };
  };
}

/** The flat indices of the cells of window `output`. */
function windowCells(op: Windows, output: number): number[] {
  const [, height, width, channels] = op.image;
  const [p, q] = pooledExtents(op);
  const [n, i, j, c] = split(output, [p, q, channels]);
  const cells: number[] = [];
  for (let r = 0; r < op.size; r++) {
    for (let s = 0; s < op.size; s++)
      cells.push(((n * height + i * op.stride + r) * width + j * op.stride + s) * channels + c);
  }
  return cells;
}

/** The windows that cell `place` is in. */
function windowsOver(op: Windows, place: number): number[] {
  const [, height, width, channels] = op.image;
  const [p, q] = pooledExtents(op);
  const [n, row, column, c] = split(place, [height, width, channels]);
  const windows: number[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < q; j++) {
      const [r, s] = [row - i * op.stride, column - j * op.stride];
      if (r >= 0 && r < op.size && s >= 0 && s < op.size) windows.push(((n * p + i) * q + j) * channels + c);
    }
  }
  return windows;
}
