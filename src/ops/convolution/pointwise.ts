/** Convolutions whose places see one cell, their own: products of matrices. */

import { sizeOf } from '../../core/shape.js';
import type { Value } from '../../ir/graph.js';
import { matmul } from '../matmul.js';
import { reshape } from '../structural.js';
import type { ConvShape } from './shape.js';

/**
 * Whether each place sees one cell, its own. With strides only some cells are seen: the product would need them copied out, and their
 * gradients spread again, three dispatches more of a training step's six, and on SwiftShader it was no faster than the convolution's own
 * kernels (8.6 ms both for 32 images [14, 14, 16] to 32 channels; 40 and 42 ms for 8 images [28, 28, 64] to 128, the best of 20).
 */
export const isPointwise = ({ kernel, strides, padding, groups }: ConvShape): boolean =>
  groups === 1 &&
  [...kernel, ...strides].every((one) => one === 1) &&
  padding.flat().every((one) => one === 0);

/** x [N, H, W, in] with filter [1, 1, in, out], or [1, 1, out, in] if `transposed`: [N, H, W, out]. */
export function pointwiseProduct(x: Value, filter: Value, { transposed }: { transposed: boolean }): Value {
  const [rows = 0, columns = 0] = filter.shape.slice(2);
  const places = x.shape.slice(0, -1);
  const flat = reshape(x, [sizeOf(places), transposed ? columns : rows]);
  const y = matmul(flat, reshape(filter, [rows, columns]), { transposeB: transposed });
  return reshape(y, [...places, transposed ? rows : columns]);
}
