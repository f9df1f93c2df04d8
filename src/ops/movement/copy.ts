/**
 * Identity as a copy: for the compiler, where a value must stand in two places, such as an update that would overwrite what
 * others still read. Not part of the public ops.
 */

import { deviceBytes } from '../../core/dtype.js';
import { sizeOf } from '../../core/shape.js';
import { applyOne, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef, outputArg } from '../../ir/op.js';
import { stridedCopy } from '../../kernels/strided-copy.js';
import { onlyInput } from '../structural-index.js';

/** y = x, in other memory. Any dtype. */
export const copyOp: OpDef = {
  name: 'copy',
  infer: (inputs) => [onlyInput('copy', inputs)],
  vjp: ({ dys, needs: [needed] }) => [needed ? (dys[0] ?? null) : null],
  reference([x], [y]) {
    if (x && y) y.data.set(x.data);
  },
  candidates({ inputs: [x] }) {
    if (!x) return [];
    const words = deviceBytes(x.shape, x.dtype) / 4;
    // A batch of rows of whole quads is whole quads for any batch.
    const wide = x.dtype === 'uint8' ? false : sizeOf(x.shape.slice(1)) % 4 === 0 && x.shape.length > 0;
    return [
      {
        key: 'strided_copy',
        lower: () => ({
          scratch: [],
          dispatches: [
            {
              launch: stridedCopy('copy', { extents: [words], strides: [1], offset: 0, wide }),
              args: [inputArg(0), outputArg(0)],
            },
          ],
        }),
      },
    ];
  },
};

/** A copy of `x` in memory of its own. */
export const copy = (x: Value): Value => applyOne(copyOp, [x], {});
