/** One step of an optimizer in jax-js: a `jit` function of weights and what is kept of them, as its documentation shows. */

import { jit, numpy as np } from '@jax-js/jax';
import { OPTIMIZERS } from '../ops/task.js';

type State = {
  weights: np.Array[];
  /** Moments, or velocities and nothing. */
  first: np.Array[];
  second: np.Array[];
  /** β₁ᵗ and β₂ᵗ. */
  powers: np.Array[];
};

type Rule = (state: State, gradients: np.Array[]) => State;

/** `operands` are weights, then gradients. What a step gives are references to the new weights. */
export function optimizerState(
  rule: 'adam' | 'momentum',
  operands: readonly np.Array[],
): { step(): np.Array[]; dispose(): void } {
  const count = operands.length / 2;
  const weights = operands.slice(0, count);
  const gradients = operands.slice(count);
  const zeros = (): np.Array[] => weights.map(({ shape }) => np.zeros(shape));
  const adam = rule === 'adam';
  let state: State = {
    weights,
    first: zeros(),
    second: adam ? zeros() : [],
    powers: adam ? [np.array(1), np.array(1)] : [],
  };
  const next = jit(adam ? adamStep : momentumStep);
  return {
    step() {
      state = next(
        state,
        gradients.map((gradient) => gradient.ref),
      );
      return state.weights.map((weight) => weight.ref);
    },
    dispose() {
      next.dispose();
      for (const array of [...gradients, ...Object.values(state).flat()]) array.dispose();
    },
  };
}

const adamStep: Rule = ({ weights, first, second, powers: [power1, power2] }, gradients) => {
  const { learningRate, beta1, beta2, epsilon } = OPTIMIZERS.adam;
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
};

const momentumStep: Rule = ({ weights, first }, gradients) => {
  const { learningRate, momentum } = OPTIMIZERS.momentum;
  const after: State = { weights: [], first: [], second: [], powers: [] };
  weights.forEach((weight, index) => {
    const gradient = gradients[index] as np.Array;
    const velocity = (first[index] as np.Array).mul(momentum).sub(gradient.mul(learningRate));
    after.weights.push(weight.add(velocity.ref));
    after.first.push(velocity);
  });
  return after;
};
