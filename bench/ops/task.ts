/** What an op task is, as plain data, the same for every engine and for its oracle: an op, what goes in, what comes out. */

import type { Cost } from '../case.js';

export type Shape = readonly number[];

export type Op =
  /** [a, b] → c; `dense`: [a, b, bias] → relu(a · b + bias). Leading dimensions are batches. */
  | {
      readonly kind: 'matmul';
      readonly transposeA: boolean;
      readonly transposeB: boolean;
      readonly dense: boolean;
    }
  | Convolution
  | Pool
  /** [x] of [rows, columns] → one number, one for each row, or one for each column. */
  | {
      readonly kind: 'reduce';
      readonly of: 'sum' | 'mean' | 'max';
      readonly over: 'all' | 'rows' | 'columns';
    }
  /** [x] → y, along the last axis. */
  | { readonly kind: 'softmax'; readonly log: boolean }
  /** [logits, labels] → the gradient of the mean loss to the logits, and the loss. */
  | { readonly kind: 'crossentropy' }
  | Normalisation
  /** [x, y] → x + y, with y repeated along leading axes. */
  | { readonly kind: 'add' }
  /** [x, a, b] → gelu(x · a + b), the exact one. */
  | { readonly kind: 'gelu' }
  /** [x, y] → Σ x · y. */
  | { readonly kind: 'dot' }
  /** [weights…, gradients…] → the weights after a step of `OPTIMIZERS` for each of `GRADIENT_FACTORS`. */
  | { readonly kind: 'optimizer'; readonly rule: 'adam' | 'momentum' };

/** NHWC and HWIO. Forward: [x, filter] → y; to the input: [dy, filter] → dx; to the filter: [x, dy] → dfilter. */
export interface Convolution {
  readonly kind: 'convolution';
  readonly part: 'forward' | 'input-gradient' | 'filter-gradient';
  /** [batch, height, width, channels]. */
  readonly image: readonly [number, number, number, number];
  readonly filters: number;
  /** Cells of a filter's side. */
  readonly size: number;
  readonly stride: number;
  readonly padding: 'same' | 'valid';
}

/** NHWC, no padding. Forward: [x] → y. Gradient: [x, dy] → dx for maxima, [dy] → dx for averages. */
export interface Pool {
  readonly kind: 'pool';
  readonly of: 'max' | 'average';
  readonly part: 'forward' | 'gradient';
  readonly image: readonly [number, number, number, number];
  readonly size: number;
  readonly stride: number;
}

/**
 * Batch: over all axes but the last; layer: over the last. Forward: [x, gamma, beta] → y. Gradient: [x, gamma, beta, dy] → dx, dgamma,
 * dbeta. Inference (batch): [x, gamma, beta, mean, variance] → y.
 */
export interface Normalisation {
  readonly kind: 'normalisation';
  readonly of: 'batch' | 'layer';
  readonly part: 'forward' | 'gradient' | 'inference';
}

/** Given to every engine. */
export const NORMALISATION_EPSILON = 1e-3;
export const OPTIMIZERS = Object.freeze({
  adam: Object.freeze({ learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-10 }),
  momentum: Object.freeze({ learningRate: 1e-3, momentum: 0.9 }),
});

/**
 * What the gradients are multiplied by in the steps that are checked: in a first step, and where gradients stay as they are, what is kept
 * of them tells little. Powers of two, so that nobody rounds; 1 last, as timed steps take gradients as they are.
 */
export const GRADIENT_FACTORS = [0.25, -0.5, 1] as const;

/** Numbers spread evenly between two bounds. */
export interface Operand {
  readonly shape: Shape;
  readonly from: number;
  readonly to: number;
  /** Whole numbers alone, both bounds among them: as float32 their sums are exact, as int32 they are labels. */
  readonly whole?: 'float32' | 'int32';
}

export type OperandData = Float32Array | Int32Array;

/** The right value at one place of a result, and how far it may be off. */
export interface Probe {
  readonly value: number;
  readonly tolerance: number;
}

/** By the number of the result and the flat index in it. */
export type Oracle = (result: number, place: number) => Probe;

export interface OpTask {
  /** `matmul/1024`; unlike that of any other suite's case. */
  readonly name: string;
  readonly about: string;
  readonly op: Op;
  readonly operands: readonly Operand[];
  readonly results: readonly Shape[];
  readonly cost: Cost;
  /** Naive float64 loops over `data`, which is that of the operands. */
  oracle(data: readonly OperandData[]): Oracle;
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

/** Zero on average, so that rounding errors of sums stay small. */
export const even = (...shape: number[]): Operand => ({ shape, from: -1, to: 1 });

/** The cost of `flops` on operands that are read once and results that are written once. */
export const costOf = (flops: number, { operands, results }: Pick<OpTask, 'operands' | 'results'>): Cost => ({
  flops,
  bytes:
    4 * [...operands.map(({ shape }) => shape), ...results].reduce((sum, shape) => sum + sizeOf(shape), 0),
});

export const at = (array: ArrayLike<number>, index: number): number => array[index] as number;

/** The four coordinates of flat index `place`; the extents are those of the last three. */
export function split(
  place: number,
  [b, c, d]: readonly [number, number, number],
): [number, number, number, number] {
  const rest = Math.floor(place / d);
  return [Math.floor(rest / (b * c)), Math.floor(rest / c) % b, rest % c, place % d];
}
