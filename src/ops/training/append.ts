/** `append`: a row of a ring, to keep the outputs of repeated steps. Internal to training; no gradient. */

import { HeddleError } from '../../core/errors.js';
import { sameShape, showShape, sizeOf } from '../../core/shape.js';
import { applyOne, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef } from '../../ir/op.js';
import { append as appendKernel } from '../../kernels/append.js';

/** ring'[counter mod R, …] = value, the other rows as they were. */
export const appendOp: OpDef = {
  name: 'append',
  infer([ring, value, counter]) {
    const fits =
      ring &&
      value &&
      ring.shape.length > 0 &&
      ring.dtype === value.dtype &&
      ring.dtype !== 'uint8' &&
      counter?.dtype === 'uint32' &&
      sameShape(ring.shape.slice(1), value.shape);
    if (fits) return [ring];
    throw new HeddleError({
      op: 'append',
      message:
        `value ${value?.dtype} ${showShape(value?.shape ?? [])} is not a row of the ring ${ring?.dtype} ` +
        `${showShape(ring?.shape ?? [])}, or the counter is not uint32 but ${counter?.dtype}`,
      roles: ['ring', 'value', 'counter'],
      values: { ring, value, counter },
      fix: 'pass a ring [rows, …value], a value of its dtype (not uint8) and a uint32 scalar',
    });
  },
  reference([ring, value, counter], [y]) {
    if (!ring || !value || !counter || !y) return;
    const row = (counter.data[0] as number) % (ring.shape[0] as number);
    y.data.set(ring.data);
    y.data.set(value.data, row * sizeOf(value.shape));
  },
  candidates({ inputs: [ring, value] }) {
    const launch = appendKernel('append', ring?.shape[0] ?? 1, value?.shape ?? []);
    return [
      {
        key: 'append',
        lower: () => ({
          scratch: [],
          dispatches: [{ launch, args: [{ kind: 'inout', input: 0, output: 0 }, inputArg(1), inputArg(2)] }],
        }),
      },
    ];
  },
};

/**
 * `ring` [R, …] with row `counter` mod R (uint32 []) replaced by `value` […], in place. The counter has to lie in another
 * buffer than the ring.
 */
export const append = (ring: Value, value: Value, counter: Value): Value =>
  applyOne(appendOp, [ring, value, counter], {});
