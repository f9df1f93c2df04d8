/** Steps of an optimizer on the weights of four dense layers, gradients given. */

import type { Size } from '../case.js';
import { DIVISION_ULPS, EPSILON, ROOT_ULPS } from './bounds.js';
import { at, costOf, even, GRADIENT_FACTORS, OPTIMIZERS, type OpTask, type Oracle, sizeOf } from './task.js';

const LAYERS = 4;

/** Units of each layer, by the name of the size. */
const UNITS: Readonly<Record<Size, Readonly<Record<string, number>>>> = {
  full: { '1M': 500, '10M': 1580 },
  tiny: { '1M': 7 },
};

/** Products and sums of one weight. */
const FLOPS = { adam: 12, momentum: 4 } as const;
/** What a rule keeps of each weight: read, and written. */
const SLOTS = { adam: 2, momentum: 1 } as const;
const WORDS = { adam: 'Adam', momentum: 'gradient descent with momentum' } as const;

export function optimizerTasks(size: Size): OpTask[] {
  return (Object.keys(FLOPS) as (keyof typeof FLOPS)[]).flatMap((rule) =>
    Object.entries(UNITS[size]).map(([name, units]): OpTask => {
      const weights = Array.from({ length: LAYERS }, () => [even(units, units), even(units)]).flat();
      const shapes = { operands: [...weights, ...weights], results: weights.map(({ shape }) => shape) };
      const count = weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      const { flops, bytes } = costOf(FLOPS[rule] * count, shapes);
      return {
        name: `${rule}/${name}`,
        about: `one step of ${WORDS[rule]} on ${count} weights in ${weights.length} tensors, their gradients given`,
        op: { kind: 'optimizer', rule },
        ...shapes,
        cost: { flops, bytes: bytes + 2 * 4 * SLOTS[rule] * count },
        oracle: (data) => oracle(rule, data),
      };
    }),
  );
}

/** Products and sums of one step, and what is left of those before it. */
const MOMENTUM_ULPS = 6;
/**
 * Of Adam. 1 − β₂ᵗ and 1 − β₂ in float32 are off by up to ε/2 of 1e-3, and a power of β₂ by the rounding of its products too: less than 200 ε
 * of a move.
 */
const ADAM_ULPS = MOMENTUM_ULPS + 2 * (ROOT_ULPS + DIVISION_ULPS) + 200;

/** The last of the steps that are checked: all that is kept was 0 before them. */
function oracle(rule: 'adam' | 'momentum', data: Parameters<OpTask['oracle']>[0]): Oracle {
  const movesOf = rule === 'adam' ? adamMoves : momentumMoves;
  return (result, place) => {
    const weight = at(data[result] ?? [], place);
    const gradient = at(data[data.length / 2 + result] ?? [], place);
    const moves = movesOf(GRADIENT_FACTORS.map((factor) => factor * gradient));
    const value = moves.reduce((sum, { move }) => sum - move, weight);
    const reach = moves.reduce((sum, { size }) => sum + size, Math.abs(weight));
    // Each step rounds the weight once.
    return {
      value,
      tolerance: moves.reduce((sum, { error }) => sum + error, EPSILON * moves.length * reach),
    };
  };
}

interface Move {
  readonly move: number;
  /** At least as large as the move and all that it is summed from. */
  readonly size: number;
  readonly error: number;
}

/** u ← μ·u + η·g; w ← w − u */
function momentumMoves(gradients: readonly number[]): Move[] {
  const { learningRate, momentum } = OPTIMIZERS.momentum;
  let [move, size] = [0, 0];
  return gradients.map((gradient) => {
    move = momentum * move + learningRate * gradient;
    size = momentum * size + learningRate * Math.abs(gradient);
    return { move, size, error: EPSILON * MOMENTUM_ULPS * size };
  });
}

/** m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; w ← w − α·m / (√v + ε), α = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ) */
function adamMoves(gradients: readonly number[]): Move[] {
  const { learningRate, beta1, beta2, epsilon } = OPTIMIZERS.adam;
  let [m, size, v] = [0, 0, 0];
  return gradients.map((gradient, index) => {
    m = beta1 * m + (1 - beta1) * gradient;
    size = beta1 * size + (1 - beta1) * Math.abs(gradient);
    v = beta2 * v + (1 - beta2) * gradient ** 2;
    const alpha = (learningRate * Math.sqrt(1 - beta2 ** (index + 1))) / (1 - beta1 ** (index + 1));
    const root = Math.sqrt(v);
    const reach = (alpha * size) / (root + epsilon);
    // Some engines add ε to √v, others to √v̂, which counts where the gradient is tiny.
    const beside = epsilon / (root + epsilon);
    return {
      move: (alpha * m) / (root + epsilon),
      size: reach,
      error: reach * (EPSILON * ADAM_ULPS + beside),
    };
  });
}
