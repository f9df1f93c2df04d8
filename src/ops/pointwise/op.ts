/**
 * From a row of the elementwise table to an op: shapes by NumPy broadcasting, the reference as a loop over the row's `js`, the
 * gradient as the row's cotangents summed back to each operand's shape. One op object per row.
 */

import { HeddleError } from '../../core/errors.js';
import { broadcastShapes, type Shape } from '../../core/shape.js';
import { applyOne, type Operand, type TensorType, type Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import type { OpDef } from '../../ir/op.js';
import type { PointwiseProgram, PointwiseRow } from '../../ir/pointwise.js';
import { sumTo } from '../structural.js';
import { programValues } from './evaluate.js';
import { pointwiseCandidates } from './lower.js';

export interface PointwiseAttrs {
  /** Broadcast with the operands' shapes: the shape of rows that make elements out of their index. */
  readonly shape?: Shape;
}

const ops = new WeakMap<PointwiseRow, OpDef<PointwiseAttrs>>();

/** The op of `row`; the same object each time. */
export function pointwiseOp(row: PointwiseRow): OpDef<PointwiseAttrs> {
  let op = ops.get(row);
  if (!op) {
    op = Object.freeze(makeOp(row));
    ops.set(row, op);
  }
  return op;
}

/** A program of the one step `row`: operand i is its argument i. */
export function rowProgram(row: PointwiseRow, operands: readonly TensorType[]): PointwiseProgram {
  const dtypes = operands.map(({ dtype }) => dtype);
  return {
    operands: dtypes,
    constants: [],
    steps: [{ row, args: dtypes.map((_, index) => index), dtype: row.dtype(dtypes) }],
    results: [operands.length],
  };
}

function makeOp(row: PointwiseRow): OpDef<PointwiseAttrs> {
  return {
    name: row.name,
    pointwise: row,
    infer(inputs, { shape }) {
      if (inputs.length !== row.arity) {
        throw new HeddleError({
          op: row.name,
          message: `takes ${row.arity} operands, got ${inputs.length}`,
          roles: ['inputs'],
          values: { inputs: inputs.length, arity: row.arity },
          fix: `pass ${row.arity} values`,
        });
      }
      const shapes = inputs.map((input) => input.shape);
      const dtype = row.dtype(inputs.map((input) => input.dtype));
      return [{ shape: broadcastShapes(row.name, shape ? [...shapes, shape] : shapes), dtype }];
    },
    vjp({ inputs, outputs: [result], dys: [dy], needs }) {
      const cotangents = dy && result && row.vjp ? row.vjp(dy, inputs, result) : [];
      return inputs.map((input, index) => {
        const cotangent = cotangents[index];
        return cotangent && needs[index] && input.dtype === 'float32' ? sumTo(cotangent, input.shape) : null;
      });
    },
    reference(inputs, [output]) {
      if (!output) return;
      const [values] = programValues(rowProgram(row, inputs), inputs, output.shape);
      if (values) output.data.set(values);
    },
    candidates(request) {
      return pointwiseCandidates(rowProgram(row, request.inputs), request);
    },
  };
}

/** `operands` as values: a number becomes a scalar of the dtype of the first value (`float32` where all are numbers). */
export function toValues(op: string, operands: readonly Operand[]): Value[] {
  const dtype = operands.find((operand): operand is Value => typeof operand !== 'number')?.dtype ?? 'float32';
  return operands.map((operand, index) => {
    if (typeof operand !== 'number') return operand;
    const integer = dtype === 'int32' || dtype === 'uint32';
    const [low, high] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    if (integer && !(Number.isInteger(operand) && operand >= low && operand <= high)) {
      throw new HeddleError({
        op,
        message: `the number ${operand} beside a tensor of ${dtype} is no ${dtype}`,
        roles: [`input ${index}`],
        values: { number: operand, dtype },
        fix: `use an integer from ${low} to ${high}, or cast(x, 'float32') first`,
      });
    }
    if (dtype === 'bool' || dtype === 'uint8') {
      throw new HeddleError({
        op,
        message: `a number beside a tensor of ${dtype}`,
        roles: [`input ${index}`],
        values: { number: operand, dtype },
        fix: `cast(x, 'float32') or cast(x, 'int32') first`,
      });
    }
    return scalar(operand, dtype);
  });
}

/** Records `row` on `operands`. */
export function applyRow(row: PointwiseRow, operands: readonly Operand[], attrs: PointwiseAttrs = {}): Value {
  return applyOne(pointwiseOp(row), toValues(row.name, operands), attrs);
}
