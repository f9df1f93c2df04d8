/**
 * Numbers that carry how far a device may be from them: what the budgets of the recurrent ops are made of, whose errors feed back from
 * step to step. `epsilon` is the size of one rounding; 0 where only the inputs' errors are asked for.
 */

import type { HostTensor } from '../../ir/graph.js';
import type { RecurrentActivation } from './activations.js';
import type { ByRole, Role } from './shape.js';
import type { Walk } from './walk.js';

export interface Bound {
  readonly value: number;
  readonly error: number;
}

export const NOTHING: Bound = { value: 0, error: 0 };

export const exactly = (value: number): Bound => ({ value, error: 0 });

/** Nothing where the list is not there. */
export function putError(errors: Float64Array | undefined, index: number, bound: Bound | undefined): void {
  if (errors) errors[index] = bound?.error ?? 0;
}

/** The elements of an op's inputs, each with its error. */
export interface BoundedInputs {
  readonly tensors: ByRole<HostTensor>;
  readonly errors: ByRole<ArrayLike<number>>;
  readonly epsilon: number;
}

/** An element; exactly 0 where the tensor is not there. */
export const element = ({ tensors, errors }: BoundedInputs, role: Role, index: number): Bound => ({
  value: (tensors[role]?.data[index] ?? 0) as number,
  error: errors[role]?.[index] ?? 0,
});

export const product = (a: Bound, b: Bound, epsilon: number): Bound => {
  const value = a.value * b.value;
  const moved = Math.abs(a.value) * b.error + Math.abs(b.value) * a.error + a.error * b.error;
  return { value, error: moved + epsilon * Math.abs(value) };
};

/** In any order: each term may pass through all the additions. */
export const sum = (terms: readonly Bound[], epsilon: number): Bound => {
  let [value, error, size] = [0, 0, 0];
  for (const term of terms) {
    value += term.value;
    error += term.error;
    size += Math.abs(term.value);
  }
  return { value, error: error + (terms.length - 1) * epsilon * size };
};

/** 1 − a. */
export const complement = (a: Bound, epsilon: number): Bound => ({
  value: 1 - a.value,
  error: a.error + epsilon * Math.abs(1 - a.value),
});

/** Activations are monotone, so that an interval's ends bound what happens within. */
export function activated({ js, rounding }: RecurrentActivation, x: Bound, epsilon: number): Bound {
  const value = js(x.value);
  return { value, error: reach(js, x, value) + epsilon * rounding(x.value, value) };
}

/** The slope at y; slopes are monotone in y or parabolas, on which an interval's ends are enough too. */
export function slopeAt({ slope, slopeRounding }: RecurrentActivation, y: Bound, epsilon: number): Bound {
  const value = slope(y.value);
  return { value, error: reach(slope, y, value) + epsilon * slopeRounding(y.value) };
}

const reach = (of: (x: number) => number, { value, error }: Bound, at: number): number =>
  error === 0 ? 0 : Math.max(Math.abs(of(value + error) - at), Math.abs(of(value - error) - at));

/** One direction's part of R, for the two products of a step. */
export interface KernelPart {
  /** Σ `others(j)` + (h ⊙ factors) · R, [G·H], summed in any order. */
  forward(h: readonly Bound[], others: (column: number) => readonly Bound[]): readonly Bound[];
  /** (gradients · Rᵀ) ⊙ factors, [H]. */
  backward(gradients: readonly Bound[]): readonly Bound[];
}

/** The rows of `walk`'s direction in the recurrent kernel, with the factors of its batch row. */
export function kernelPart(inputs: BoundedInputs, walk: Walk, width: number): KernelPart {
  const { epsilon } = inputs;
  const tensor = inputs.tensors.recurrentKernel;
  const columns = tensor?.shape[1] ?? 0;
  const values = new Float64Array(tensor?.data ?? []);
  const errors = inputs.errors.recurrentKernel;
  const from = (k: number): number => k * columns + walk.column(0, 0);
  const factor = (k: number): Bound => {
    const at = walk.factorAt(k);
    return at === null ? exactly(1) : element(inputs, 'rows', at);
  };
  return {
    forward(h, others) {
      const sums = [0, 1, 2].map(() => new Float64Array(width));
      const [value, error, size] = sums as [Float64Array, Float64Array, Float64Array];
      h.forEach((state, k) => {
        const seen = product(state, factor(k), epsilon);
        const start = from(k);
        const seenSize = Math.abs(seen.value);
        for (let j = 0; j < width; j++) {
          const weight = values[start + j] as number;
          const weightSize = Math.abs(weight);
          const weightError = errors?.[start + j] ?? 0;
          value[j] = (value[j] as number) + seen.value * weight;
          error[j] = (error[j] as number) + seen.error * (weightSize + weightError) + seenSize * weightError;
          size[j] = (size[j] as number) + seenSize * weightSize;
        }
      });
      return Array.from(value, (own, j) => {
        const terms = others(j);
        const more = sum(terms, 0);
        const whole = terms.reduce((total, term) => total + Math.abs(term.value), size[j] as number);
        const rounding = epsilon * (h.length + terms.length) * whole;
        return { value: own + more.value, error: (error[j] as number) + more.error + rounding };
      });
    },
    backward(gradients) {
      return Array.from({ length: columns === 0 ? 0 : values.length / columns }, (_, k) => {
        const start = from(k);
        let [value, error, size] = [0, 0, 0];
        for (let j = 0; j < width; j++) {
          const weight = values[start + j] as number;
          const weightSize = Math.abs(weight);
          const weightError = errors?.[start + j] ?? 0;
          const gradient = gradients[j] as Bound;
          const gradientSize = Math.abs(gradient.value);
          value += gradient.value * weight;
          error += gradient.error * (weightSize + weightError) + gradientSize * weightError;
          size += gradientSize * weightSize;
        }
        return product({ value, error: error + epsilon * width * size }, factor(k), epsilon);
      });
    },
  };
}
