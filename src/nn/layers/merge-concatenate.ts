/** Concatenate: tensors side by side. */

import { HeddleError, ops, type Tensor, tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import type { Masks } from '../layer-definition.js';
import { type FreeShape, showFree } from '../shapes.js';
import { commonDtype } from './common-dtype.js';
import { commonMask } from './common-mask.js';

export interface ConcatenateOptions {
  /** Along which axis; negative ones count from the end. Not 0, the batch. Default -1. */
  readonly axis?: number;
}

/**
 * The inputs one after another along `axis`; all other extents are equal.
 *
 * @throws HeddleError for an axis outside the rank or the batch's, and for inputs of other ranks, extents or dtypes.
 */
export const concatenate = defineLayer<ConcatenateOptions>({
  type: 'concatenate',
  options: ['axis'],
  create({ axis = -1 }, label) {
    const refused = (inputs: readonly FreeShape[], role: string, fix: string): HeddleError =>
      new HeddleError({
        op: label,
        message: `${inputs.map(showFree).join(', ')} cannot be joined along axis ${axis}`,
        roles: ['inputs', role],
        values: { inputs, axis },
        fix,
      });
    return {
      outputShape(inputs) {
        const [first = []] = inputs;
        const along = axis < 0 ? axis + first.length : axis;
        if (!Number.isInteger(axis) || along < 1 || along >= first.length) {
          throw refused(inputs, 'axis', 'use an axis of the inputs other than the batch, such as -1');
        }
        return first.map((_, at) => {
          const extents = inputs.map((shape) => shape[at] ?? null);
          const known = extents.filter((extent) => extent !== null);
          if (inputs.some((shape) => shape.length !== first.length)) {
            throw refused(inputs, 'inputs', 'give tensors of one rank');
          }
          if (at === along) {
            return known.length === extents.length ? known.reduce((sum, extent) => sum + extent, 0) : null;
          }
          if (new Set(known).size <= 1) return known[0] ?? null;
          throw refused(inputs, 'inputs', 'make all extents but that of the axis equal');
        });
      },
      outputDtype: (dtypes) => commonDtype(label, dtypes),
      call(inputs) {
        const rank = inputs[0]?.shape.length ?? 0;
        return ops.concat(inputs, { axis: axis < 0 ? axis + rank : axis });
      },
      mask(masks, inputs) {
        const rank = inputs[0]?.shape.length ?? 0;
        if ((axis < 0 ? axis + rank : axis) !== 1) return commonMask(masks);
        return rank > 2 && masks.some((mask) => mask) ? joinedMasks(masks, inputs) : null;
      },
    };
  },
});

/** Sequences one after another: each step keeps what its mask said, and without one it counts. */
const joinedMasks = (masks: Masks, inputs: readonly Tensor[]): Tensor =>
  ops.concat(
    inputs.map((x, index) => masks[index] ?? ops.broadcastTo(tensor(1), x.shape.slice(0, 2))),
    { axis: 1 },
  );
