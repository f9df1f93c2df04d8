/** What kernels are measured on: made-up numbers that keep sums, and what feeds back into itself step after step, near 1. */

import { type DType, type HostArray, hostArray, isFloat } from '../core/dtype.js';
import { randomStream } from '../core/random.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor, TensorType } from '../ir/graph.js';

/** Numbers before they repeat. A prime, so that no tile of a kernel sees the same ones twice. */
const PERIOD = 65_521;

/** Whole numbers are small: sums of their products stay exact. */
const WHOLE: Readonly<Record<Exclude<DType, 'float32'>, number>> = {
  int32: 8,
  uint32: 8,
  bool: 2,
  uint8: 256,
};

/** A tensor of `type`, the same for the same `stream`. Floats lie within ±1 / (2 √rows), rows being the extent before the last. */
export function madeUp({ shape, dtype }: TensorType, stream: number): HostTensor {
  const data = hostArray(dtype, sizeOf(shape));
  const random = randomStream(0, stream);
  const reach = 1 / Math.sqrt(Math.max(1, shape.at(-2) ?? 1));
  const first = data.subarray(0, PERIOD);
  for (let i = 0; i < first.length; i++)
    first[i] = isFloat(dtype) ? (random.uniform() - 0.5) * reach : random.below(WHOLE[whole(dtype)]);
  for (let at = PERIOD; at < data.length; at += PERIOD) repeat(data, first, at);
  return { shape, dtype, data };
}

const whole = (dtype: DType): keyof typeof WHOLE => dtype as keyof typeof WHOLE;

function repeat(data: HostArray, first: HostArray, at: number): void {
  data.set(first.subarray(0, data.length - at), at);
}
