/** Recurrent layers as cases: which tensors a choice of options takes, and numbers under which a recurrence neither dies nor blows up. */

import { randomStream } from '../../src/core/random.js';
import { sizeOf } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';
import { gru, lstm, simpleRNN } from '../../src/ops/recurrent/recurrent.js';
import { type Cell, GATES } from '../../src/ops/recurrent/shape.js';
import type { CaseInput, OpCase } from '../ops/case.js';
import { hash } from './fill.js';

export const RECURRENT_OPS = {
  simpleRnn: ['simpleRNN', simpleRNN],
  gru: ['gru', gru],
  lstm: ['lstm', lstm],
} as const;

export const CELL_NAMES: readonly Cell[] = ['lstm', 'gru', 'simpleRnn'];

export type Direction = 'forward' | 'backward' | 'both';

export interface LayerCase {
  readonly cell: Cell;
  readonly direction: Direction;
  readonly batch: number;
  readonly steps: number;
  readonly features: number;
  readonly units: number;
  readonly bias: boolean;
  readonly state: boolean;
  readonly mask: boolean;
  readonly dropout: boolean;
  readonly activation?: string;
  readonly recurrentActivation?: string;
  /** What all normal numbers are multiplied by. Default 1. */
  readonly scale?: number;
  /** What the recurrent kernel is multiplied by on top; beyond 1, states may run wild. Default 1. */
  readonly recurrentScale?: number;
  /** Every number a small integer, most of them 0. */
  readonly integers?: boolean;
}

export const directionsOf = ({ direction }: LayerCase): number => (direction === 'both' ? 2 : 1);

/** What is said of a case in its name. */
export function describeLayer(one: LayerCase): string {
  const { direction, batch, steps, features, units, activation, recurrentActivation } = one;
  const parts = [
    `[${batch},${steps},${features}] to ${units} ${direction}`,
    ...(['bias', 'state', 'mask', 'dropout'] as const).filter((name) => one[name]),
    ...(activation ? [activation] : []),
    ...(recurrentActivation ? [`${recurrentActivation} gates`] : []),
    ...(one.integers ? ['integers'] : []),
  ];
  return parts.join(', ');
}

/** x, kernel, recurrentKernel, and whichever of bias, states, mask and factors the case has. */
export function layerInputs(one: LayerCase): CaseInput[] {
  const { cell, batch, steps, features, units, bias, state, mask, dropout } = one;
  const states = directionsOf(one) * units;
  const columns = GATES[cell] * states;
  const seed = hash(`${cell} ${describeLayer(one)}`);
  let stream = 0;
  const numbers = (shape: readonly number[], scale: number): CaseInput => ({
    shape,
    fill: one.integers
      ? sparse(sizeOf(shape), seed, stream++)
      : scaled(sizeOf(shape), scale * (one.scale ?? 1), seed, stream++),
  });
  return [
    numbers([batch, steps, features], 1),
    numbers([features, columns], 1 / Math.sqrt(features)),
    one.integers
      ? numbers([units, columns], 1)
      : contractive(units, columns, one.recurrentScale ?? 1, seed, stream++),
    ...(bias ? [numbers(cell === 'gru' ? [2, columns] : [columns], 0.3)] : []),
    ...(state ? [numbers([batch, states], 0.5)] : []),
    ...(state && cell === 'lstm' ? [numbers([batch, states], 0.5)] : []),
    ...(mask ? [{ shape: [batch, steps], fill: maskOf(batch, steps, seed) }] : []),
    ...(dropout
      ? [{ shape: [batch, states], fill: factors(batch * states, one.integers === true, seed) }]
      : []),
  ];
}

export function buildLayer(one: LayerCase, inputs: readonly Value[]): Value[] {
  const [x, kernel, recurrentKernel, ...rest] = inputs as [Value, Value, Value, ...Value[]];
  const next = (): Value => rest.shift() as Value;
  const bias = one.bias ? next() : null;
  const initialState = one.state ? [next(), ...(one.cell === 'lstm' ? [next()] : [])] : null;
  const mask = one.mask ? next() : null;
  const recurrentDropout = one.dropout ? next() : null;
  const [, op] = RECURRENT_OPS[one.cell];
  return op(x, kernel, recurrentKernel, bias, {
    ...(one.activation ? { activation: one.activation } : {}),
    ...(one.recurrentActivation ? { recurrentActivation: one.recurrentActivation } : {}),
    ...(initialState ? { initialState } : {}),
    ...(mask ? { mask } : {}),
    ...(recurrentDropout ? { recurrentDropout } : {}),
    ...(one.direction === 'backward' ? { goBackwards: true } : {}),
    ...(one.direction === 'both' ? { bidirectional: true } : {}),
  });
}

/** The layer as a case of its public op. */
export function layerCase(one: LayerCase, more: Partial<OpCase> = {}): OpCase {
  const [op] = RECURRENT_OPS[one.cell];
  return {
    op,
    name: describeLayer(one),
    // Made when asked for: wide layers have many numbers, and most runs leave them out.
    get inputs() {
      return layerInputs(one);
    },
    build: (...inputs) => buildLayer(one, inputs),
    ...more,
  };
}

/**
 * A recurrent kernel whose columns have absolute sums near 0.6, so that what a step does to the state fades, and with it the bound of its
 * error: small numbers everywhere, and two large ones in each column. `scale` multiplies them all.
 */
function contractive(units: number, columns: number, scale: number, seed: number, stream: number): CaseInput {
  const { normal, below } = randomStream(seed, stream);
  const fill = Array.from({ length: units * columns }, () => (0.2 / units) * normal());
  for (let column = 0; column < columns; column++) {
    for (const large of [0.25, -0.2]) fill[below(units) * columns + column] = large;
  }
  return { shape: [units, columns], fill: fill.map((value) => scale * value) };
}

function scaled(count: number, scale: number, seed: number, stream: number): number[] {
  const { normal } = randomStream(seed, stream);
  return Array.from({ length: count }, () => scale * normal());
}

/** −1, 0 or 1, two in three of them 0. */
function sparse(count: number, seed: number, stream: number): number[] {
  const { below } = randomStream(seed, stream);
  return Array.from({ length: count }, () => [-1, 1][below(6)] ?? 0);
}

/** Rows of all kinds in turn: none left out, gaps, a padded end, a padded start, all padded. */
function maskOf(batch: number, steps: number, seed: number): number[] {
  const { below } = randomStream(seed, 100);
  return Array.from({ length: batch }, (_, row) => {
    const cut = below(steps + 1);
    const kinds = [
      (t: number): boolean => t !== 1,
      (): boolean => below(2) === 0,
      (): boolean => false,
      (t: number): boolean => t < cut,
      (t: number): boolean => t >= cut,
      (): boolean => true,
    ];
    return Array.from({ length: steps }, (_, t) => (kinds[row % kinds.length]?.(t) ? 1 : 0));
  }).flat();
}

/** 0 or twice the value, as of a rate of one half; with integers 0 or 1. */
function factors(count: number, integers: boolean, seed: number): number[] {
  const { below } = randomStream(seed, 101);
  return Array.from({ length: count }, () => (below(2) === 0 ? 0 : integers ? 1 : 2));
}
