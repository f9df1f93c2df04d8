/** Gradient descent, plain, with momentum, or with Nesterov's look ahead. */

import { rejectUnknownOptions, training } from '../engine/index.js';
import type { Optimizer } from './optimizer.js';
import { checkedBoolean, checkedNumber } from './options.js';
import { optimizerOf } from './rule.js';

export interface SgdOptions {
  /** η, finite and ≥ 0. Default 0.01. */
  readonly learningRate?: number;
  /** μ in [0, 1). Default 0: no momentum. */
  readonly momentum?: number;
  /** Whether to look ahead. Default `false`. Without momentum it changes nothing. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as in Keras 3:
 * - plain: p ← p − η·g
 * - momentum: u ← μ·u − η·g; p ← p + u
 * - nesterov: u ← μ·u − η·g; p ← p + μ·u − η·g
 *
 * (TF.js keeps momentum apart, as `train.momentum`, and applies η to the accumulated gradient: the same as long as η stays.)
 *
 * @throws HeddleError for unknown options and numbers out of range.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  rejectUnknownOptions('sgd', options, ['learningRate', 'momentum', 'nesterov']);
  const { learningRate = 0.01 } = options;
  const momentum = checkedNumber('sgd', 'momentum', options.momentum ?? 0, 'fraction');
  const nesterov = checkedBoolean('sgd', 'nesterov', options.nesterov ?? false);
  return optimizerOf(
    {
      name: 'sgd',
      config: { momentum, nesterov },
      slotNames: momentum === 0 ? [] : ['velocity'],
      apply({ params, grads, slots: [velocities = []], learningRate: rate, control }) {
        const results = training.sgdUpdate({
          params,
          grads,
          velocities,
          learningRate: rate,
          ...control,
          momentum,
          nesterov,
        });
        const { step, apply, fault } = results;
        return {
          params: results.params,
          slots: momentum === 0 ? [] : [results.velocities],
          control: { step, apply, fault },
        };
      },
    },
    learningRate,
  );
}
