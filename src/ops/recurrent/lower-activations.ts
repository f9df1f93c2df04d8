/** The activations of recurrent kernels as WGSL: functions of the value, and slopes from what it became. */

import type { CellFunctions } from '../../kernels/recurrent.js';
import { ACTIVATION_ROWS } from '../pointwise/activations.js';
import { type KernelActivation, SELU_ALPHA, SELU_SCALE } from './activations.js';

interface Emitted {
  /** Functions that `value` calls. */
  readonly helpers?: readonly string[];
  /** y of `x`. */
  readonly value: string;
  /** dy/dx of `y`. */
  readonly slope: string;
}

/** A row of the pointwise table, so that a kernel and an elementwise op round alike. */
function fromRow(name: string, width: 1 | 4, slope: string): Emitted {
  const row = ACTIVATION_ROWS.find((one) => one.name === name);
  if (!row) throw new RangeError(`no pointwise row ${name}`);
  const context = { width, operands: ['float32'], result: 'float32', index: '0u' } as const;
  return { helpers: row.helpers?.(context) ?? [], value: row.wgsl(['x'], context), slope };
}

const exponential = (scale: number, alpha: number): Emitted => ({
  value: `elem(${scale}) * select(elem(${alpha}) * (exp(min(x, elem(0))) - elem(1)), x, x > elem(0))`,
  slope: `select(y + elem(${scale * alpha}), elem(${scale}), y > elem(0))`,
});

const EMITTED: Readonly<Record<KernelActivation, (width: 1 | 4) => Emitted>> = {
  linear: () => ({ value: 'x', slope: 'elem(1)' }),
  tanh: (width) => fromRow('tanh', width, 'fma(-y, y, elem(1))'),
  sigmoid: (width) => fromRow('sigmoid', width, 'y * (elem(1) - y)'),
  relu: (width) => fromRow('relu', width, 'select(elem(0), elem(1), y > elem(0))'),
  relu6: () => ({
    value: 'min(max(x, elem(0)), elem(6))',
    slope: 'select(elem(0), elem(1), (y > elem(0)) & (y < elem(6)))',
  }),
  elu: () => exponential(1, 1),
  selu: () => exponential(SELU_SCALE, SELU_ALPHA),
  softplus: (width) => fromRow('softplus', width, 'elem(1) - exp(-y)'),
  softsign: () => ({ value: 'x / (elem(1) + abs(x))', slope: '(elem(1) - abs(y)) * (elem(1) - abs(y))' }),
  hardSigmoid: () => ({
    value: `min(max(x + elem(3), elem(0)), elem(6)) * elem(${1 / 6})`,
    slope: `select(elem(0), elem(${1 / 6}), (y > elem(0)) & (y < elem(1)))`,
  }),
  exponential: () => ({ value: 'exp(x)', slope: 'y' }),
};

/**
 * WGSL `<name>(x: elem) -> elem` and `<name>_slope(y: elem) -> elem` for each activation, for elems of `width` units: `gate` and
 * `candidate`, say.
 */
export function activationFunctions(
  activations: Readonly<Record<string, KernelActivation>>,
  width: 1 | 4,
): CellFunctions {
  const emitted = Object.entries(activations).map(([name, activation]) => ({
    name,
    ...EMITTED[activation](width),
  }));
  return {
    key: Object.values(activations).join(),
    code: [
      ...new Set(emitted.flatMap(({ helpers }) => helpers ?? [])),
      ...emitted.flatMap(({ name, value, slope }) => [
        `fn ${name}(x: elem) -> elem { return ${value}; }`,
        `fn ${name}_slope(y: elem) -> elem { return ${slope}; }`,
      ]),
    ],
  };
}
