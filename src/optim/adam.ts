/** Adam (Kingma, Ba: "Adam: a method for stochastic optimization", 2015), and AdamW (Loshchilov, Hutter: "Decoupled weight decay regularization", 2019). */

import { rejectUnknownOptions, training } from '../engine/index.js';
import type { Optimizer } from './optimizer.js';
import { checkedNumber } from './options.js';
import { optimizerOf } from './rule.js';

export interface AdamOptions {
  /** η, finite and ≥ 0. Default 0.001. */
  readonly learningRate?: number;
  /** β₁ in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** β₂ in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** ε > 0. Default 1e-7. */
  readonly epsilon?: number;
}

export interface AdamWOptions extends AdamOptions {
  /** λ, finite and ≥ 0. Default 0.004. It acts on every variable, biases too, as Keras does unless told otherwise. */
  readonly weightDecay?: number;
}

const ADAM_OPTIONS = ['learningRate', 'beta1', 'beta2', 'epsilon'] as const;

/**
 * Adam as in Keras 3, in step t:
 * - m ← m + (g − m)·(1 − β₁); v ← v + (g² − v)·(1 − β₂)
 * - p ← p − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m / (√v + ε)
 *
 * (TF.js divides by √(v/(1 − β₂ᵗ)) + ε, and so uses a slightly smaller ε in early steps.)
 *
 * @throws HeddleError for unknown options and numbers out of range.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  rejectUnknownOptions('adam', options, ADAM_OPTIONS);
  return adamOf('adam', options, null);
}

/**
 * Adam with decoupled weight decay: p ← p − η·λ·p, beside Adam's step. The decay does not enter the moments.
 *
 * @throws HeddleError for unknown options and numbers out of range.
 */
export function adamW(options: AdamWOptions = {}): Optimizer {
  rejectUnknownOptions('adamW', options, [...ADAM_OPTIONS, 'weightDecay']);
  return adamOf('adamW', options, options.weightDecay ?? 0.004);
}

function adamOf(name: string, options: AdamOptions, decay: number | null): Optimizer {
  const { learningRate = 0.001 } = options;
  const beta1 = checkedNumber(name, 'beta1', options.beta1 ?? 0.9, 'fraction');
  const beta2 = checkedNumber(name, 'beta2', options.beta2 ?? 0.999, 'fraction');
  const epsilon = checkedNumber(name, 'epsilon', options.epsilon ?? 1e-7, 'positive');
  const weightDecay = checkedNumber(name, 'weightDecay', decay ?? 0, 'nonNegative');
  return optimizerOf(
    {
      name,
      config: { beta1, beta2, epsilon, ...(decay === null ? {} : { weightDecay }) },
      slotNames: ['m', 'v'],
      apply({ params, grads, slots: [m = [], v = []], learningRate: rate, control }) {
        const settings = { beta1, beta2, epsilon, weightDecay };
        const results = training.adamUpdate({
          params,
          grads,
          m,
          v,
          learningRate: rate,
          ...control,
          ...settings,
        });
        const { step, apply, fault } = results;
        return { params: results.params, slots: [results.m, results.v], control: { step, apply, fault } };
      },
    },
    learningRate,
  );
}
