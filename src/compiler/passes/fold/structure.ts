/** Reshapes of reshapes, broadcasts of broadcasts, sums that look through a reshape. */

import { sameShape, sizeOf } from '../../../core/shape.js';
import type { Node, Value } from '../../../ir/graph.js';
import {
  broadcastOp,
  broadcastTo,
  type ReduceAttrs,
  reducedCount,
  reshape,
  reshapeOp,
  sum,
  sumOp,
} from '../../../ops/structural.js';
import { asUniform, uniformOf } from './uniform.js';

export function withoutViews(
  { op, attrs, outputs }: Node,
  inputs: readonly Value[],
): readonly Value[] | null {
  const [input] = inputs;
  const [output] = outputs;
  if (!input || !output || outputs.length !== 1) return null;
  const source = input.node.inputs[0];
  switch (op.name) {
    case reshapeOp.name: {
      const number = uniformOf(input);
      if (number !== null) return [asUniform(number, output)];
      if (sameShape(input.shape, output.shape)) return [input];
      return input.node.op.name === reshapeOp.name && source ? [reshape(source, output.shape)] : null;
    }
    case broadcastOp.name: {
      if (sameShape(input.shape, output.shape)) return [input];
      // One number under a broadcast is how uniform values are written.
      const grows = sizeOf(input.shape) !== sizeOf(output.shape) || uniformOf(input) !== null;
      if (!grows) return [reshape(input, output.shape)];
      return input.node.op.name === broadcastOp.name && source ? [broadcastTo(source, output.shape)] : null;
    }
    case sumOp.name: {
      const { axes } = attrs as ReduceAttrs;
      if (reducedCount(input, axes) === 1 && input.dtype === output.dtype)
        return [reshape(input, output.shape)];
      // Every element is summed, whatever the shape they stand in.
      const all = sizeOf(output.shape) === 1;
      if (!all || input.node.op.name !== reshapeOp.name || !source) return null;
      return [reshape(sum(source), output.shape)];
    }
    default:
      return op.concatenates && inputs.length === 1 ? [input] : null;
  }
}
