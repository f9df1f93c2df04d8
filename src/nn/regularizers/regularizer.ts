/**
 * What a regularizer is: data (a name and a config, which a model's file keeps) and a penalty that training adds to the loss.
 * Names, formulas and defaults are those of Keras 3.
 */

import { HeddleError, ops, rejectUnknownOptions, type Tensor } from '../../engine/index.js';

export type RegularizerConfig = Readonly<Record<string, number>>;

export interface Regularizer {
  /** `l2`. */
  readonly name: string;
  /** The options that make it again, defaults filled in. */
  readonly config: RegularizerConfig;
  /** What a weight adds to the loss: float32 []. */
  penalty(weight: Tensor): Tensor;
}

export interface L1Options {
  /** λ, finite and ≥ 0. Default 0.01. */
  readonly l1?: number;
}

export interface L2Options {
  /** λ, finite and ≥ 0. Default 0.01. */
  readonly l2?: number;
}

/** λ·Σ|w|. */
export function l1(options: L1Options = {}): Regularizer {
  rejectUnknownOptions('l1', options, ['l1']);
  return penalizing('l1', { l1: factor('l1', 'l1', options.l1) });
}

/** λ·Σw². */
export function l2(options: L2Options = {}): Regularizer {
  rejectUnknownOptions('l2', options, ['l2']);
  return penalizing('l2', { l2: factor('l2', 'l2', options.l2) });
}

/** λ₁·Σ|w| + λ₂·Σw². */
export function l1l2(options: L1Options & L2Options = {}): Regularizer {
  rejectUnknownOptions('l1l2', options, ['l1', 'l2']);
  return penalizing('l1l2', {
    l1: factor('l1l2', 'l1', options.l1),
    l2: factor('l1l2', 'l2', options.l2),
  });
}

function penalizing(name: string, config: { readonly l1?: number; readonly l2?: number }): Regularizer {
  const { l1: absolute = 0, l2: squared = 0 } = config;
  return Object.freeze({
    name,
    config: Object.freeze(config),
    // One reduction, whatever the terms.
    penalty(weight: Tensor): Tensor {
      const terms = [
        ...(absolute > 0 ? [ops.mul(ops.abs(weight), absolute)] : []),
        ...(squared > 0 || absolute === 0 ? [ops.mul(ops.square(weight), squared)] : []),
      ];
      return ops.sum(terms.reduce((sum, term) => ops.add(sum, term)));
    },
  });
}

function factor(op: string, role: string, value: unknown = 0.01): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new HeddleError({
    op,
    message: `${role} is ${typeof value === 'number' ? value : typeof value}`,
    roles: [role],
    values: { [role]: value },
    fix: 'pass a finite number ≥ 0',
  });
}
