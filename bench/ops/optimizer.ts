/** One step of an optimizer on the weights of four dense layers, gradients given. */

import type { Size } from '../case.js';
import { DIVISION_ULPS, EPSILON, ROOT_ULPS } from './bounds.js';
import { at, costOf, even, OPTIMIZERS, type OpTask, type Oracle, sizeOf } from './task.js';

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

/**
 * 1 − β₂ᵗ in float32 is off by ε/2 of 1e-3, so by 60 ε of itself; and where g is tiny, it counts that Adam's own ε stands beside √v for
 * some engines and beside √v̂ for others.
 */
const adamUlps = (gradient: number): number => {
  const { beta2, epsilon } = OPTIMIZERS.adam;
  const place = epsilon / Math.sqrt(1 - beta2) / (Math.abs(gradient) * EPSILON);
  return 2 * (ROOT_ULPS + DIVISION_ULPS) + 60 + place;
};

/** Products and sums. */
const MOMENTUM_ULPS = 3;

/** The first step: all that is kept was 0. */
function oracle(rule: 'adam' | 'momentum', data: Parameters<OpTask['oracle']>[0]): Oracle {
  const { learningRate } = OPTIMIZERS[rule];
  return (result, place) => {
    const weight = at(data[result] ?? [], place);
    const gradient = at(data[data.length / 2 + result] ?? [], place);
    // Adam's corrections of the bias cancel: m̂ = g and √v̂ = |g|.
    const [move, ulps] =
      rule === 'adam'
        ? [learningRate * Math.sign(gradient), adamUlps(gradient)]
        : [learningRate * gradient, MOMENTUM_ULPS];
    return { value: weight - move, tolerance: EPSILON * (Math.abs(weight) + ulps * Math.abs(move)) };
  };
}
