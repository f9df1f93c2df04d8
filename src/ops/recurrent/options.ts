/** What a user gives the recurrent ops, checked in the user's own words. */

import { HeddleError, rejectUnknownOptions, unknownName } from '../../core/errors.js';
import { type Shape, sameShape, showShape } from '../../core/shape.js';
import type { TensorType, Value } from '../../ir/graph.js';
import { isKernelActivation, KERNEL_ACTIVATION_NAMES, type KernelActivation } from './activations.js';
import { type Cell, GATES, type RecurrentShape } from './shape.js';

export interface RecurrentOptions {
  /**
   * Of the candidate state. Default `'tanh'`. One of linear, tanh, sigmoid, relu, relu6, elu, selu, softplus, softsign, hardSigmoid and
   * exponential: those whose derivative follows from their value.
   */
  readonly activation?: string;
  /** The states before the first step, [B, D·H] each: h, and lstm's c behind it. Default: zeros. */
  readonly initialState?: readonly Value[];
  /** float32 [B, T]: 1 where a step counts; 0 where it changes nothing: state and output are those of the step before. */
  readonly mask?: Value;
  /** float32 [B, D·H]: factors of the state in front of its product with `recurrentKernel`, the same at all steps. */
  readonly recurrentDropout?: Value;
  /** From the last step to the first; the sequence stays in time order. Default false. */
  readonly goBackwards?: boolean;
  /** Two directions, each with weights and states of its own, side by side along the last axis: forward, then backward. Default false. */
  readonly bidirectional?: boolean;
}

export interface GatedOptions extends RecurrentOptions {
  /** Of the gates. Default `'sigmoid'`; the same names as for `activation`. */
  readonly recurrentActivation?: string;
}

const COMMON = ['activation', 'initialState', 'mask', 'recurrentDropout', 'goBackwards', 'bidirectional'];

export interface RecurrentInputs {
  readonly x: Value;
  readonly kernel: Value;
  readonly recurrentKernel: Value;
  readonly bias: Value | null;
}

export interface Checked {
  readonly shape: RecurrentShape;
  readonly directions: readonly boolean[];
  readonly activation: KernelActivation;
  readonly recurrentActivation: KernelActivation;
}

/** Throws a `HeddleError` for whatever does not fit. `more` names the options beyond the common ones. */
export function checkRecurrent(
  op: string,
  cell: Cell,
  inputs: RecurrentInputs,
  options: GatedOptions,
  more: readonly string[],
): Checked {
  rejectUnknownOptions(op, options, [...COMMON, ...more]);
  const { goBackwards = false, bidirectional = false } = options;
  if (goBackwards && bidirectional) {
    throw new HeddleError({
      op,
      message: 'goBackwards is set together with bidirectional, which runs both ways',
      roles: ['goBackwards', 'bidirectional'],
      values: { goBackwards, bidirectional },
      fix: 'leave one of them out',
    });
  }
  const directions = bidirectional ? [false, true] : [goBackwards];
  const shape = extentsOf(op, cell, inputs, directions.length);
  checkStates(op, shape, options.initialState);
  const { batch, steps, units } = shape;
  const states = [batch, directions.length * units];
  if (options.mask) expectShape(op, 'mask', options.mask, [batch, steps], 'one number per step');
  if (options.recurrentDropout)
    expectShape(op, 'recurrentDropout', options.recurrentDropout, states, 'one factor per unit');
  return {
    shape,
    directions,
    activation: activationNamed(op, 'activation', options.activation ?? 'tanh'),
    recurrentActivation: activationNamed(op, 'recurrentActivation', options.recurrentActivation ?? 'sigmoid'),
  };
}

function extentsOf(
  op: string,
  cell: Cell,
  { x, kernel, recurrentKernel, bias }: RecurrentInputs,
  directions: number,
): RecurrentShape {
  const gates = GATES[cell];
  const [batch, steps, features] = extents(op, 'x', x, 3, '[batch, steps, features]') as Three;
  const [units, recurrentColumns] = extents(
    op,
    'recurrentKernel',
    recurrentKernel,
    2,
    '[units, directions · gates · units]',
  ) as Two;
  const columns = directions * gates * units;
  if (steps === 0) {
    throw new HeddleError({
      op,
      message: `the sequences of x ${showShape(x.shape)} have length 0`,
      roles: ['x'],
      values: { x: x.shape },
      fix: 'give at least one step; pad and mask sequences that may be empty',
    });
  }
  if (units === 0 || recurrentColumns !== columns) {
    throw new HeddleError({
      op,
      message: `recurrentKernel ${showShape(recurrentKernel.shape)} has ${recurrentColumns} columns, ${units} units ask for ${columns}`,
      roles: ['recurrentKernel'],
      values: { recurrentKernel: recurrentKernel.shape, directions, gates, units },
      fix: `give [units, ${directions} direction(s) · ${gates} gate(s) · units] with at least one unit`,
    });
  }
  const why = `${units} units, ${gates} gate(s) and ${directions} direction(s)`;
  expectShape(op, 'kernel', kernel, [features, columns], `${features} features, ${why}`);
  if (bias) expectShape(op, 'bias', bias, cell === 'gru' ? [2, columns] : [columns], why);
  return { cell, batch, steps, units, directions, gates, features };
}

type Two = readonly [number, number];
type Three = readonly [number, number, number];

function checkStates(
  op: string,
  { cell, batch, directions, units }: RecurrentShape,
  states: readonly Value[] | undefined,
): void {
  if (states === undefined) return;
  const names = cell === 'lstm' ? ['h', 'c'] : ['h'];
  if (!Array.isArray(states) || states.length !== names.length) {
    throw new HeddleError({
      op,
      message: `initialState is ${Array.isArray(states) ? `a list of ${states.length}` : 'no list'}`,
      roles: ['initialState'],
      values: { length: states.length },
      fix: `give [${names.join(', ')}]`,
    });
  }
  states.forEach((state, index) => {
    const role = `initialState[${index}]`;
    expectShape(op, role, state, [batch, directions * units], `${names[index]} of each row and unit`);
  });
}

function activationNamed(op: string, role: string, name: string): KernelActivation {
  if (isKernelActivation(name)) return name;
  throw unknownName(op, role, name, KERNEL_ACTIVATION_NAMES);
}

function extents(
  op: string,
  role: string,
  { shape, dtype }: TensorType,
  rank: number,
  layout: string,
): Shape {
  if (shape.length === rank && dtype === 'float32') return shape;
  throw new HeddleError({
    op,
    message: `${role} is ${dtype} ${showShape(shape)}`,
    roles: [role],
    values: { [role]: shape, dtype },
    fix: `give float32 ${layout}`,
  });
}

function expectShape(
  op: string,
  role: string,
  { shape, dtype }: TensorType,
  wanted: Shape,
  why: string,
): void {
  if (dtype === 'float32' && sameShape(shape, wanted)) return;
  throw new HeddleError({
    op,
    message: `${role} is ${dtype} ${showShape(shape)}, not float32 ${showShape(wanted)}`,
    roles: [role],
    values: { [role]: shape, wanted, dtype },
    fix: `give ${showShape(wanted)}: ${why}`,
  });
}
