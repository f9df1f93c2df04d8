/**
 * What a constraint is: data (a name and a config, which a model's file keeps) and a function from a weight, as the optimizer left it,
 * to what it may be. Names, formulas and defaults are those of Keras 3.
 */

import { HeddleError, ops, rejectUnknownOptions, type Tensor } from '../../engine/index.js';

export type ConstraintConfig = Readonly<Record<string, number | readonly number[]>>;

export interface Constraint {
  /** `maxNorm`. */
  readonly name: string;
  /** The options that make it again, defaults filled in. */
  readonly config: ConstraintConfig;
  /** The weight as it may be: of the same shape. */
  constrain(weight: Tensor): Tensor;
}

interface NormOptions {
  /**
   * The axes that a norm runs over. Default 0: the inputs of one unit of a dense kernel. A convolution's filters have [0, 1, 2].
   */
  readonly axis?: number | readonly number[];
}

export interface MaxNormOptions extends NormOptions {
  /** Finite and > 0. Default 2. */
  readonly maxValue?: number;
}

export interface MinMaxNormOptions extends NormOptions {
  /** Finite and ≥ 0. Default 0. */
  readonly minValue?: number;
  /** Finite and ≥ `minValue`. Default 1. */
  readonly maxValue?: number;
  /** How much of the way to these bounds one step goes, in (0, 1]. Default 1. */
  readonly rate?: number;
}

/** Keeps a norm of 0 from dividing. */
const EPSILON = 1e-7;

/** w · min(‖w‖, maxValue) / (ε + ‖w‖), ε = 1e-7. */
export function maxNorm(options: MaxNormOptions = {}): Constraint {
  rejectUnknownOptions('maxNorm', options, ['maxValue', 'axis']);
  const maxValue = checked('maxNorm', 'maxValue', options.maxValue ?? 2, (value) => value > 0, '> 0');
  const axis = checkedAxes('maxNorm', options.axis ?? 0);
  return constraint('maxNorm', { maxValue, axis }, (weight) => {
    const norm = normOf(weight, axis);
    return rescaled(weight, norm, ops.minimum(norm, maxValue));
  });
}

/** max(w, 0). */
export function nonNeg(options: Readonly<Record<never, never>> = {}): Constraint {
  rejectUnknownOptions('nonNeg', options, []);
  return constraint('nonNeg', {}, (weight) => ops.maximum(weight, 0));
}

/** w / (ε + ‖w‖), ε = 1e-7. */
export function unitNorm(options: NormOptions = {}): Constraint {
  rejectUnknownOptions('unitNorm', options, ['axis']);
  const axis = checkedAxes('unitNorm', options.axis ?? 0);
  return constraint('unitNorm', { axis }, (weight) =>
    ops.div(weight, ops.add(normOf(weight, axis), EPSILON)),
  );
}

/** w · (rate · clip(‖w‖, minValue, maxValue) + (1 − rate) · ‖w‖) / (ε + ‖w‖), ε = 1e-7. */
export function minMaxNorm(options: MinMaxNormOptions = {}): Constraint {
  const op = 'minMaxNorm';
  rejectUnknownOptions(op, options, ['minValue', 'maxValue', 'rate', 'axis']);
  const minValue = checked(op, 'minValue', options.minValue ?? 0, (value) => value >= 0, '≥ 0');
  const maxValue = checked(
    op,
    'maxValue',
    options.maxValue ?? 1,
    (value) => value >= minValue,
    `≥ minValue, ${minValue}`,
  );
  const rate = checked(op, 'rate', options.rate ?? 1, (value) => value > 0 && value <= 1, 'in (0, 1]');
  const axis = checkedAxes(op, options.axis ?? 0);
  return constraint(op, { minValue, maxValue, rate, axis }, (weight) => {
    const norm = normOf(weight, axis);
    const bounded = ops.minimum(ops.maximum(norm, minValue), maxValue);
    const wanted = rate === 1 ? bounded : ops.add(ops.mul(bounded, rate), ops.mul(norm, 1 - rate));
    return rescaled(weight, norm, wanted);
  });
}

const constraint = (
  name: string,
  config: ConstraintConfig,
  constrain: (weight: Tensor) => Tensor,
): Constraint => Object.freeze({ name, config: Object.freeze(config), constrain });

const normOf = (weight: Tensor, axis: number | readonly number[]): Tensor =>
  ops.sqrt(ops.sum(ops.square(weight), { axis, keepDims: true }));

const rescaled = (weight: Tensor, norm: Tensor, wanted: Tensor): Tensor =>
  ops.mul(weight, ops.div(wanted, ops.add(norm, EPSILON)));

function checked(
  op: string,
  role: string,
  value: unknown,
  holds: (value: number) => boolean,
  range: string,
): number {
  if (typeof value === 'number' && Number.isFinite(value) && holds(value)) return value;
  throw refused(op, role, value, `pass a finite number ${range}`);
}

/** Whether they exist is for the weight to say. */
function checkedAxes(op: string, axis: unknown): number | readonly number[] {
  const list: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (list.length > 0 && list.every(Number.isInteger)) return axis as number | readonly number[];
  throw refused(op, 'axis', axis, 'pass an integer, or a list of them');
}

const refused = (op: string, role: string, value: unknown, fix: string): HeddleError =>
  new HeddleError({
    op,
    message: `${role} is ${JSON.stringify(value) ?? typeof value}`,
    roles: [role],
    values: { [role]: value },
    fix,
  });
