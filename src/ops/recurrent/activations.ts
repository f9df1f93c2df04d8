/**
 * The activations that recurrent kernels know: monotone functions whose derivative follows from the value alone, so that only the
 * value is kept for the backward pass. Each with its meaning in numbers, in base ops, and with its rounding.
 */

import { ELEMENTWISE_ULPS } from '../../core/budgets.js';
import type { Value } from '../../ir/graph.js';
import {
  abs,
  add,
  div,
  exp,
  greater,
  less,
  logicalAnd,
  minimum,
  mul,
  relu,
  select,
  sigmoid,
  softplus,
  square,
  sub,
  tanh,
} from '../pointwise/index.js';

export interface RecurrentActivation {
  /** y of x. */
  js(x: number): number;
  /** dy/dx from y. */
  slope(y: number): number;
  /** What a device may be off at x, as a multiple of ε (absolute, not of y). */
  rounding(x: number, y: number): number;
  /** What a device may make of the slope at y: a multiple of ε. */
  slopeRounding(y: number): number;
  /** `js` in base ops. */
  apply(x: Value): Value;
  /** `dy · slope(y)` in base ops. */
  back(dy: Value, y: Value): Value;
}

export const SELU_SCALE = 1.0507009873554805;
export const SELU_ALPHA = 1.6732632423543772;

const relative = (name: string, x: number, y: number): number =>
  (ELEMENTWISE_ULPS[name]?.([x]) ?? 0) * Math.abs(y);

const expRounding = (x: number): number => relative('exp', x, Math.exp(x));

const relu6 = (x: Value): Value => minimum(relu(x), 6);

/** dy where low < y < high, times `factor`. */
const within = (dy: Value, y: Value, low: number, high: number, factor: number): Value =>
  select(logicalAnd(greater(y, low), less(y, high)), mul(dy, factor), 0);

const elu = (x: Value, alpha: number): Value =>
  select(greater(x, 0), x, mul(sub(exp(minimum(x, 0)), 1), alpha));

export const KERNEL_ACTIVATIONS = {
  linear: {
    js: (x) => x,
    slope: () => 1,
    rounding: () => 0,
    slopeRounding: () => 0,
    apply: (x) => x,
    back: (dy) => dy,
  },
  tanh: {
    js: Math.tanh,
    slope: (y) => 1 - y * y,
    rounding: (x, y) => relative('tanh', x, y),
    slopeRounding: (y) => 1 + y * y,
    apply: tanh,
    back: (dy, y) => mul(dy, sub(1, square(y))),
  },
  sigmoid: {
    js: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
    slope: (y) => y * (1 - y),
    rounding: (x, y) => relative('sigmoid', x, y),
    slopeRounding: (y) => 2 * y,
    apply: sigmoid,
    back: (dy, y) => mul(dy, mul(y, sub(1, y))),
  },
  relu: {
    js: (x) => Math.max(x, 0),
    slope: (y) => (y > 0 ? 1 : 0),
    rounding: () => 0,
    slopeRounding: () => 0,
    apply: relu,
    back: (dy, y) => select(greater(y, 0), dy, 0),
  },
  relu6: {
    js: (x) => Math.min(Math.max(x, 0), 6),
    slope: (y) => (y > 0 && y < 6 ? 1 : 0),
    rounding: () => 0,
    slopeRounding: () => 0,
    apply: relu6,
    back: (dy, y) => within(dy, y, 0, 6, 1),
  },
  /** x above 0, eˣ − 1 below. */
  elu: {
    js: (x) => (x > 0 ? x : Math.expm1(x)),
    slope: (y) => (y > 0 ? 1 : y + 1),
    rounding: (x, y) => (x > 0 ? 0 : expRounding(x) + Math.abs(y)),
    slopeRounding: (y) => (y > 0 ? 0 : 1 + y),
    apply: (x) => elu(x, 1),
    back: (dy, y) => select(greater(y, 0), dy, mul(dy, add(y, 1))),
  },
  selu: {
    js: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    slope: (y) => (y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA),
    rounding: (x, y) => 3 * Math.abs(y) + (x > 0 ? 0 : SELU_SCALE * SELU_ALPHA * expRounding(x)),
    slopeRounding: (y) => (y > 0 ? 1 : 4),
    apply: (x) => mul(elu(x, SELU_ALPHA), SELU_SCALE),
    back: (dy, y) => select(greater(y, 0), mul(dy, SELU_SCALE), mul(dy, add(y, SELU_SCALE * SELU_ALPHA))),
  },
  softplus: {
    js: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: (y) => -Math.expm1(-y),
    rounding: (x, y) => relative('softplus', x, y),
    slopeRounding: () => 5,
    apply: softplus,
    back: (dy, y) => mul(dy, sub(1, exp(sub(0, y)))),
  },
  /** x / (1 + |x|). */
  softsign: {
    js: (x) => x / (1 + Math.abs(x)),
    slope: (y) => (1 - Math.abs(y)) ** 2,
    rounding: (_, y) => 4 * Math.abs(y),
    slopeRounding: () => 3,
    apply: (x) => div(x, add(abs(x), 1)),
    back: (dy, y) => mul(dy, square(sub(1, abs(y)))),
  },
  /** relu6(x + 3) / 6. */
  hardSigmoid: {
    js: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    slope: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
    rounding: (_, y) => 3 * y,
    slopeRounding: () => 1 / 6,
    apply: (x) => mul(relu6(add(x, 3)), 1 / 6),
    back: (dy, y) => within(dy, y, 0, 1, 1 / 6),
  },
  exponential: {
    js: Math.exp,
    slope: (y) => y,
    rounding: expRounding,
    slopeRounding: () => 0,
    apply: exp,
    back: (dy, y) => mul(dy, y),
  },
} as const satisfies Readonly<Record<string, RecurrentActivation>>;

export type KernelActivation = keyof typeof KERNEL_ACTIVATIONS;

export const KERNEL_ACTIVATION_NAMES: readonly string[] = Object.keys(KERNEL_ACTIVATIONS);

export const isKernelActivation = (name: unknown): name is KernelActivation =>
  typeof name === 'string' && KERNEL_ACTIVATION_NAMES.includes(name);

export const recurrentActivation = (name: KernelActivation): RecurrentActivation => KERNEL_ACTIVATIONS[name];
