/** Reshape: the same numbers of each example in another shape. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { type FreeShape, onlyShape, showFree, sizeOfFree } from '../shapes.js';

export interface ReshapeOptions {
  /** Of one example, without the batch. One extent may be -1: what is left over. */
  readonly targetShape: readonly number[];
}

/**
 * [batch, …] → [batch, …targetShape], row-major.
 *
 * @throws HeddleError for a target with extents below 1 or two of -1, and where the numbers of elements differ.
 */
export const reshape = defineLayer<ReshapeOptions>({
  type: 'reshape',
  options: ['targetShape'],
  create({ targetShape }, label) {
    checkTarget(label, targetShape);
    return {
      outputShape(inputs) {
        const [batch = null, ...rest] = onlyShape(label, inputs);
        return [batch, ...resolved(label, targetShape, rest)];
      },
      outputDtype: ([dtype = 'float32']) => dtype,
      call([x]) {
        const [batch = 1, ...rest] = (x as Tensor).shape;
        return ops.reshape(x as Tensor, [batch, ...(resolved(label, targetShape, rest) as number[])]);
      },
    };
  },
});

function checkTarget(label: string, target: unknown): void {
  const valid = (extent: unknown): boolean =>
    Number.isInteger(extent) && ((extent as number) > 0 || extent === -1);
  if (Array.isArray(target) && target.every(valid) && target.filter((extent) => extent === -1).length <= 1)
    return;
  throw new HeddleError({
    op: label,
    message: `targetShape is ${Array.isArray(target) ? `[${target.join(',')}]` : typeof target}`,
    roles: ['targetShape'],
    values: { targetShape: target },
    fix: 'pass the shape of one example, without the batch: positive integers, at most one -1',
  });
}

/** `target` with -1 worked out, `null` where the input leaves it open. */
function resolved(label: string, target: readonly number[], input: FreeShape): FreeShape {
  const size = sizeOfFree(input);
  const known = target.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const open = target.includes(-1);
  if (size !== null && (open ? size % known !== 0 : size !== known)) {
    throw new HeddleError({
      op: label,
      message: `an example ${showFree(input)} has ${size} elements, targetShape [${target.join(',')}] ${open ? `is a multiple of ${known}` : `has ${known}`}`,
      roles: ['input', 'targetShape'],
      values: { input, targetShape: target },
      fix: 'make the products of the extents equal',
    });
  }
  return target.map((extent) => (extent === -1 ? (size === null ? null : size / known) : extent));
}
