/** The ops without inputs: program inputs, variables and constants. */

import type { DType, HostArray } from '../core/dtype.js';
import { hostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { type Shape, sizeOf } from '../core/shape.js';
import { applyOne, type TensorType, type Value, type VariableRef } from './graph.js';
import type { OpDef } from './op.js';

export interface InputAttrs extends TensorType {
  readonly name: string;
}

/** A value fed at each run. Two inputs are never the same, whatever their attributes. */
export const inputOp: OpDef<InputAttrs> = {
  name: 'input',
  leaf: true,
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
};

export interface VariableAttrs {
  readonly variable: VariableRef;
}

/** A variable's value as it was before this run's updates. */
export const variableOp: OpDef<VariableAttrs> = {
  name: 'variable',
  leaf: true,
  infer: (_, { variable }) => [{ shape: variable.shape, dtype: variable.dtype }],
};

export interface ConstantAttrs extends TensorType {
  readonly data: HostArray;
}

/** Numbers known when the graph is built. A scalar travels in kernel parameters, never in shader text. */
export const constantOp: OpDef<ConstantAttrs> = {
  name: 'constant',
  infer(_, { shape, dtype, data }) {
    if (data.length !== sizeOf(shape)) {
      throw new HeddleError({
        op: 'constant',
        message: `shape [${shape.join(',')}] holds ${sizeOf(shape)} elements, the data has ${data.length}`,
        roles: ['shape', 'data'],
        values: { shape, length: data.length },
        fix: 'make the product of the shape equal to the length of the data',
      });
    }
    return [{ shape, dtype }];
  },
  reference(_, [output], { data }) {
    output?.data.set(data);
  },
};

export function constant(data: HostArray, shape: Shape, dtype: DType): Value {
  return applyOne(constantOp, [], { data, shape, dtype });
}

/** A scalar constant. Stored in double precision, so that the float64 reference sees the number that was written. */
export function scalar(value: number, dtype: DType = 'float32'): Value {
  const data = hostArray(dtype, 1, true);
  data[0] = value;
  return constant(data, [], dtype);
}

/** The number that `value` is, where it is a scalar constant; else `null`. */
export function scalarConstant(value: Value): number | null {
  if (value.node.op.name !== constantOp.name || value.shape.length > 0) return null;
  return (value.node.attrs as ConstantAttrs).data[0] ?? null;
}

export const isConstant = (value: Value): boolean => value.node.op.name === constantOp.name;
export const isVariable = (value: Value): boolean => value.node.op.name === variableOp.name;
export const isInput = (value: Value): boolean => value.node.op.name === inputOp.name;
