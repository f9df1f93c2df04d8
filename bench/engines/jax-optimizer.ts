/** Optimizers in jax-js, as its documentation shows them: functions of weights and what is kept of them, inside `jit`. */

import { jit, numpy as np } from '@jax-js/jax';
import { GRADIENT_FACTORS, OPTIMIZERS } from '../ops/task.js';

export type State = {
  weights: np.Array[];
  /** Moments, or velocities and nothing. */
  first: np.Array[];
  second: np.Array[];
  /** β₁ᵗ and β₂ᵗ. */
  powers: np.Array[];
};

export interface AdamNumbers {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

const zerosLike = (weights: readonly np.Array[]): np.Array[] => weights.map(({ shape }) => np.zeros(shape));

/** Before the first step of Adam. */
export const adamState = (weights: np.Array[]): State => ({
  weights,
  first: zerosLike(weights),
  second: zerosLike(weights),
  powers: [np.array(1), np.array(1)],
});

/** Consumes what it is given. */
export function adamStep(
  { weights, first, second, powers: [power1, power2] }: State,
  gradients: readonly np.Array[],
  { learningRate, beta1, beta2, epsilon }: AdamNumbers,
): State {
  if (!power1 || !power2) throw new RangeError('a state has two powers');
  const [next1, next2] = [power1.mul(beta1), power2.mul(beta2)];
  const rate = np.sqrt(np.subtract(1, next2.ref)).mul(learningRate).div(np.subtract(1, next1.ref));
  const after: State = { weights: [], first: [], second: [], powers: [next1, next2] };
  weights.forEach((weight, index) => {
    const gradient = gradients[index] as np.Array;
    const m = (first[index] as np.Array).mul(beta1).add(gradient.ref.mul(1 - beta1));
    const v = (second[index] as np.Array).mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const move = m.ref.mul(rate.ref).div(np.sqrt(v.ref).add(epsilon));
    after.weights.push(weight.sub(move));
    after.first.push(m);
    after.second.push(v);
  });
  rate.dispose();
  return after;
}

const momentumState = (weights: np.Array[]): State => ({
  weights,
  first: zerosLike(weights),
  second: [],
  powers: [],
});

function momentumStep({ weights, first }: State, gradients: readonly np.Array[]): State {
  const { learningRate, momentum } = OPTIMIZERS.momentum;
  const after: State = { weights: [], first: [], second: [], powers: [] };
  weights.forEach((weight, index) => {
    const gradient = gradients[index] as np.Array;
    const velocity = (first[index] as np.Array).mul(momentum).sub(gradient.mul(learningRate));
    after.weights.push(weight.add(velocity.ref));
    after.first.push(velocity);
  });
  return after;
}

/** `operands` are weights, then gradients. What is given are references to the new weights. */
export function optimizerState(rule: 'adam' | 'momentum', operands: readonly np.Array[]) {
  const count = operands.length / 2;
  const weights = operands.slice(0, count);
  const gradients = operands.slice(count);
  const adam = rule === 'adam';
  let state = adam ? adamState(weights) : momentumState(weights);
  const next = jit(
    (before: State, slopes: np.Array[]): State =>
      adam ? adamStep(before, slopes, OPTIMIZERS.adam) : momentumStep(before, slopes),
  );
  const references = (): np.Array[] => state.weights.map((weight) => weight.ref);
  return {
    step(): np.Array[] {
      state = next(
        state,
        gradients.map((gradient) => gradient.ref),
      );
      return references();
    },
    checked(): np.Array[] {
      for (const factor of GRADIENT_FACTORS) {
        state = next(
          state,
          gradients.map((gradient) => gradient.ref.mul(factor)),
        );
      }
      return references();
    },
    dispose(): void {
      next.dispose();
      for (const array of [...gradients, ...Object.values(state).flat()]) array.dispose();
    },
  };
}
