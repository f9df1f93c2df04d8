/** `oneHot`: class numbers as rows. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { showShape, sizeOf } from '../../core/shape.js';
import { applyOne, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef, outputArg } from '../../ir/op.js';
import { oneHot as oneHotKernel } from '../../kernels/gather.js';
import { onlyInput } from '../structural-index.js';

export interface OneHotAttrs {
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
}

/** y[…k, c] = onValue where indices[…k] = c, else offValue. */
export const oneHotOp: OpDef<OneHotAttrs> = {
  name: 'oneHot',
  infer(inputs, { depth }) {
    const { shape, dtype } = onlyInput('oneHot', inputs);
    if (dtype !== 'int32' || !Number.isInteger(depth) || depth < 1) {
      throw new HeddleError({
        op: 'oneHot',
        message: `takes int32 indices and a depth of at least 1, got ${dtype} ${showShape(shape)} and ${depth}`,
        roles: ['indices', 'depth'],
        values: { dtype, indices: shape, depth },
        fix: "cast(indices, 'int32'), and the number of classes as depth",
      });
    }
    return [{ shape: [...shape, depth], dtype: 'float32' }];
  },
  vjp: () => [null],
  reference([indices], [y], { depth, onValue, offValue }) {
    if (!indices || !y) return;
    y.data.fill(offValue);
    indices.data.forEach((index: number, k: number) => {
      if (index >= 0 && index < depth) y.data[k * depth + index] = onValue;
    });
  },
  candidates({ inputs: [indices], attrs: { depth, onValue, offValue } }) {
    const launch = oneHotKernel('oneHot', sizeOf(indices?.shape ?? []), depth, onValue, offValue);
    return [
      {
        key: 'one_hot',
        lower: () => ({ scratch: [], dispatches: [{ launch, args: [inputArg(0), outputArg(0)] }] }),
      },
    ];
  },
};

export interface OneHotOptions {
  /** Number of classes, the extent of the new last axis. */
  readonly depth: number;
  /** Default 1. */
  readonly onValue?: number;
  /** Default 0. */
  readonly offValue?: number;
}

/**
 * float32 rows with `onValue` at each int32 index and `offValue` elsewhere; an index outside 0 … depth − 1 gives a row of
 * `offValue`. Throws a `HeddleError` for other dtypes and a depth that is not a positive integer.
 */
export function oneHot(indices: Value, options: OneHotOptions): Value {
  rejectUnknownOptions('oneHot', options, ['depth', 'onValue', 'offValue']);
  const { depth, onValue = 1, offValue = 0 } = options;
  return applyOne(oneHotOp, [indices], { depth, onValue, offValue });
}
