/** Dropout in recurrent layers (Gal and Ghahramani, 2016): one mask for all steps of a sequence, a new one at every training step. */

import { ops, type Shape, type Tensor, tensor } from '../../../engine/index.js';
import { checkedRate, checkedSeed } from '../../checks.js';
import type { Pass } from './core.js';

export interface Rates {
  readonly dropout?: number;
  readonly recurrentDropout?: number;
  readonly seed?: number;
}

/** What inputs and states are multiplied by; `null` where nothing is dropped. */
export interface Factors {
  /** [batch, 1, features] */
  readonly inputs: Tensor | null;
  /** [batch, directions · units] */
  readonly recurrent: Tensor | null;
}

/** @throws HeddleError for rates outside [0, 1) and a seed that is none. */
export function dropoutFactors(label: string, rates: Rates): (pass: Pass, units: number) => Factors {
  const dropout = checkedRate(label, 'dropout', rates.dropout ?? 0);
  const recurrentDropout = checkedRate(label, 'recurrentDropout', rates.recurrentDropout ?? 0);
  const own = rates.seed === undefined ? null : checkedSeed(label, rates.seed);
  return ({ x, directions, context }, units) => {
    const { training, seed, stream, counter } = context;
    /** 0 with probability `rate`, else 1 / (1 − rate); `use` keeps the two apart. */
    const factors = (rate: number, shape: Shape, use: number): Tensor | null => {
      if (!training || rate === 0) return null;
      const ones = ops.broadcastTo(tensor(1), shape);
      return ops.dropout(ones, { rate, seed: own ?? seed, stream: stream + use, counter });
    };
    const [batch = 0, , features = 0] = x.shape;
    return {
      inputs: factors(dropout, [batch, 1, features], 0),
      recurrent: factors(recurrentDropout, [batch, directions.length * units], 1),
    };
  };
}
