/** Nodes whose inputs are known, or empty, are computed while compiling. */

import { hostArray } from '../../../core/dtype.js';
import { sizeOf } from '../../../core/shape.js';
import { apply, type HostTensor, type Node, type TensorType, type Value } from '../../../ir/graph.js';
import { type ConstantAttrs, constant, constantOp, isConstant } from '../../../ir/leaves.js';
import { broadcastOp, type ReduceAttrs, reducedCount, sumOp } from '../../../ops/structural.js';
import { asUniform, uniformOf } from './uniform.js';

/** Larger results are left to the device: a plan carries its constants. */
const LARGEST_RESULT = 256;

export function evaluated(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  return (
    emptyInputs(node, inputs) ??
    uniformPointwise(node, inputs) ??
    uniformSum(node, inputs) ??
    smallConstant(node, inputs)
  );
}

const isEmpty = ({ shape }: TensorType): boolean => sizeOf(shape) === 0;

/** A result that is not empty although its inputs are: an empty sum, padding around nothing. */
function emptyInputs(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  if (!inputs.some(isEmpty) || node.outputs.every(isEmpty)) return null;
  if (node.op.concatenates) {
    const full = inputs.filter((input) => !isEmpty(input));
    return full.length === inputs.length ? null : apply(node.op, full, node.attrs, node.scope);
  }
  if (!inputs.every(isEmpty) || !node.op.reference) return null;
  return reference(node, inputs).map((tensor) => asConstant(tensor));
}

/** A pointwise node over uniform operands is uniform, unless its elements differ by their index. */
function uniformPointwise(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  const row = node.op.pointwise;
  const [output] = node.outputs;
  if (!row || row.usesIndex || !output || inputs.length === 0) return null;
  const numbers = inputs.map(uniformOf);
  if (!numbers.every((number) => number !== null)) return null;
  const one: HostTensor = { shape: [], dtype: output.dtype, data: hostArray(output.dtype, 1, true) };
  const operands = inputs.map(({ dtype }, index) => filled(dtype, 1, numbers[index] ?? 0));
  node.op.reference?.(operands, [one], { ...node.attrs, shape: [] });
  return [asUniform(one.data[0] ?? 0, output)];
}

/** Σ of n equal numbers. */
function uniformSum(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  const [input] = inputs;
  const [output] = node.outputs;
  if (node.op.name !== sumOp.name || !input || !output) return null;
  const number = uniformOf(input);
  if (number === null) return null;
  const count = reducedCount(input, (node.attrs as ReduceAttrs).axes);
  return output.dtype === 'float32' ? [asUniform(number * count, output)] : null;
}

function smallConstant(node: Node, inputs: readonly Value[]): readonly Value[] | null {
  const { op, outputs } = node;
  if (!op.reference || op.name === constantOp.name || inputs.length === 0) return null;
  // A broadcast of one number is what uniform values are made of.
  if (op.name === broadcastOp.name || op.view) return null;
  if (!inputs.every(isConstant) || outputs.some(({ shape }) => sizeOf(shape) > LARGEST_RESULT)) return null;
  return reference(node, inputs).map((tensor) => asConstant(tensor));
}

function reference({ op, outputs, attrs }: Node, inputs: readonly Value[]): HostTensor[] {
  const tensors = inputs.map(({ node, shape, dtype }) => {
    const { data } = isEmpty({ shape, dtype })
      ? { data: hostArray(dtype, 0, true) }
      : (node.attrs as ConstantAttrs);
    return { shape, dtype, data };
  });
  const results = outputs.map(({ shape, dtype }) => ({
    shape,
    dtype,
    data: hostArray(dtype, sizeOf(shape), true),
  }));
  op.reference?.(tensors, results, attrs);
  return results;
}

function asConstant(tensor: HostTensor): Value {
  const [first = 0] = tensor.data;
  const uniform = tensor.data.length > 0 && tensor.data.every((one) => Object.is(one, first));
  return uniform ? asUniform(first, tensor) : constant(tensor.data, tensor.shape, tensor.dtype);
}

function filled(dtype: TensorType['dtype'], size: number, number: number): HostTensor {
  const data = hostArray(dtype, size, true);
  data.fill(number);
  return { shape: [], dtype, data };
}
