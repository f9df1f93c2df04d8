/**
 * Pointwise programs on the CPU, in double precision: their values, and how far a correct float32 device may be from them.
 *
 * Errors are first order and per element: error_out = Σ slope_i · error_i + ulps · ε · |value|. Integers and booleans carry an
 * error only where a step (a comparison, a rounding) lies within reach of its operands' errors.
 */

import { EPSILON, SMALLEST_NORMAL } from '../../core/budgets.js';
import type { Shape } from '../../core/shape.js';
import { sizeOf } from '../../core/shape.js';
import type { HostTensor } from '../../ir/graph.js';
import { dtypeOf, type PointwiseProgram, type PointwiseStep } from '../../ir/pointwise.js';
import { broadcastIndex } from '../structural-index.js';
import { wrap } from './row.js';

export interface EvaluatedResult {
  readonly values: Float64Array;
  /** Largest permitted distance of a float32 device's result, per element. */
  readonly errors: Float64Array;
}

export interface EvaluateProgramOptions {
  /** Errors of the operands, each as long as its operand's data; `null` or absent: exact. */
  readonly errors?: readonly (Float64Array | null)[];
}

/** Each result of `program` at `shape`, to which `operands` broadcast, with its error. */
export function evaluateProgram(
  program: PointwiseProgram,
  operands: readonly HostTensor[],
  shape: Shape,
  options: EvaluateProgramOptions = {},
): EvaluatedResult[] {
  const run = runner(program, operands, shape);
  const base = program.operands.length + program.constants.length;
  const errors = new Float64Array(base + program.steps.length);
  program.constants.forEach(({ value, dtype }, position) => {
    const rounding = dtype === 'float32' ? Math.abs(value - Math.fround(value)) : 0;
    errors[program.operands.length + position] = rounding;
  });
  const results = program.results.map(() => ({
    values: new Float64Array(run.size),
    errors: new Float64Array(run.size),
  }));
  for (let index = 0; index < run.size; index++) {
    const values = run.at(index);
    operands.forEach((_, position) => {
      errors[position] = options.errors?.[position]?.[run.offset(position, index)] ?? 0;
    });
    program.steps.forEach((step, position) => {
      errors[base + position] = stepError(step, values, errors, values[base + position] as number);
    });
    program.results.forEach((ref, position) => {
      const result = results[position] as EvaluatedResult;
      result.values[index] = values[ref] as number;
      result.errors[index] = errors[ref] as number;
    });
  }
  return results;
}

/** The values of `evaluateProgram` alone. */
export function programValues(
  program: PointwiseProgram,
  operands: readonly HostTensor[],
  shape: Shape,
): Float64Array[] {
  const run = runner(program, operands, shape);
  const results = program.results.map(() => new Float64Array(run.size));
  for (let index = 0; index < run.size; index++) {
    const values = run.at(index);
    program.results.forEach((ref, position) => {
      (results[position] as Float64Array)[index] = values[ref] as number;
    });
  }
  return results;
}

interface Runner {
  readonly size: number;
  /** Where operand `position` lies for element `index`. */
  offset(position: number, index: number): number;
  /** All references at element `index`; the same array each time. */
  at(index: number): Float64Array;
}

function runner(program: PointwiseProgram, operands: readonly HostTensor[], shape: Shape): Runner {
  const offsets = operands.map((operand) => {
    if (operand.data.length === 1) return () => 0;
    if (operand.data.length === sizeOf(shape)) return (index: number) => index;
    return broadcastIndex(operand.shape, shape);
  });
  const base = operands.length + program.constants.length;
  const values = new Float64Array(base + program.steps.length);
  program.constants.forEach(({ value }, position) => {
    values[operands.length + position] = value;
  });
  const steps = program.steps.map(({ row, args, dtype }) => {
    const types = { operands: args.map((ref) => dtypeOf(program, ref)), result: dtype };
    const list = new Array<number>(args.length).fill(0);
    return (index: number): number => {
      for (let i = 0; i < args.length; i++) list[i] = values[args[i] as number] as number;
      return wrap(row.js(list, index, types), dtype);
    };
  });
  const offset = (position: number, index: number): number =>
    (offsets[position] as (i: number) => number)(index);
  return {
    size: sizeOf(shape),
    offset,
    at(index) {
      for (let position = 0; position < operands.length; position++) {
        values[position] = (operands[position] as HostTensor).data[offset(position, index)] as number;
      }
      for (let position = 0; position < steps.length; position++) {
        values[base + position] = (steps[position] as (i: number) => number)(index);
      }
      return values;
    },
  };
}

function stepError(step: PointwiseStep, values: Float64Array, errors: Float64Array, value: number): number {
  const { row, args, dtype } = step;
  const at = args.map((ref) => values[ref] as number);
  const own = args.map((ref) => errors[ref] as number);
  let error = 0;
  if (own.some((one) => one > 0)) {
    if (row.carried) error = row.carried(at, own);
    else {
      row.slopes(at).forEach((slope, i) => {
        if (own[i]) error += slope * (own[i] as number);
      });
    }
  }
  if (dtype !== 'float32') return error;
  const magnitude = Math.abs(value);
  const ulps = row.ulps(at);
  // A device may flush what is subnormal to zero: an exact result, or parts of a rounded one.
  if (ulps === 0) return magnitude < SMALLEST_NORMAL ? error + magnitude : error;
  return error + ulps * (EPSILON * magnitude + SMALLEST_NORMAL);
}
