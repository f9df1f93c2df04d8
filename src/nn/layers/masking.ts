/** Masking: says which steps of sequences are padding. */

import { HeddleError, ops, type Tensor, tensor } from '../../engine/index.js';
import { checkedFinite } from '../checks.js';
import { defineLayer } from '../layer.js';
import { type FreeShape, showFree } from '../shapes.js';

export interface MaskingOptions {
  /** On one input: a step whose features all have this value is padding. A finite number. Default 0. */
  readonly maskValue?: number;
}

/**
 * Masks padded steps of x [batch, steps, features…] and sets them to 0. On one input a step is padding where all its features are
 * `maskValue`. On two, `[x, lengths]` with int32 lengths [batch] or [batch, 1], it is padding from step `lengths[b]` on; `maskValue` says
 * nothing then.
 *
 * Layers that follow take no notice of padding: recurrent ones carry their state over, `globalAveragePooling1d` averages the other steps,
 * losses and metrics count those alone. Labels of padded steps must be classes all the same: put 0, not −1. The mask goes through layers
 * that keep steps apart: activation, dropout, dense, noise, normalization, rescaling, merges, `timeDistributed`, recurrent layers with
 * `returnSequences`. It ends in all others: convolutions, pooling, flatten, reshape, padding, and in own layers that do not say
 * `keepsMask`; those see padded steps as zeros.
 *
 * Lengths outside 0 … steps that come from the host, to an input that feeds this layer, are an error before anything runs; on the device
 * nothing looks at them, and they count as the nearest length that is inside.
 *
 * @throws HeddleError for a `maskValue` that is not finite, x of rank below 3 and lengths of another shape.
 */
export const masking = defineLayer<MaskingOptions>({
  type: 'masking',
  options: ['maskValue'],
  create({ maskValue = 0 }, label) {
    const value = checkedFinite(label, 'maskValue', maskValue);
    const masked = ([x, lengths]: readonly Tensor[]): Tensor =>
      lengths ? beforeLengths(x as Tensor, lengths) : otherThan(value, x as Tensor);
    return {
      outputShape(inputs) {
        checkShapes(label, inputs);
        return inputs[0] as FreeShape;
      },
      outputDtype: ([dtype = 'float32']) => dtype,
      accepts(inputs) {
        const most = inputs[0]?.[1] ?? null;
        if (inputs.length < 2 || most === null) return [];
        return [
          null,
          { least: 0, most, what: 'length', fix: `pass lengths of at most the ${most} steps of x` },
        ];
      },
      call(inputs) {
        const x = inputs[0] as Tensor;
        const mask = masked(inputs);
        const wide = ops.reshape(mask, [...mask.shape, ...x.shape.slice(2).map(() => 1)]);
        return ops.select(ops.notEqual(wide, 0), x, 0);
      },
      // Padding that earlier layers found stays padding.
      mask: ([earlier], inputs) => (earlier ? ops.mul(earlier, masked(inputs)) : masked(inputs)),
    };
  },
});

/** [batch, steps]: 1 where a feature of the step is not `value`. */
function otherThan(value: number, x: Tensor): Tensor {
  const features = x.shape.slice(2).map((_, index) => index + 2);
  return ops.max(ops.cast(ops.notEqual(x, value), 'float32'), { axis: features });
}

/** [batch, steps]: 1 before step `lengths[b]`. */
function beforeLengths(x: Tensor, lengths: Tensor): Tensor {
  const [batch = 0, steps = 0] = x.shape;
  const order = tensor(
    Int32Array.from({ length: steps }, (_, step) => step),
    { shape: [1, steps] },
  );
  const ends = ops.reshape(ops.cast(lengths, 'int32'), [batch, 1]);
  return ops.cast(ops.less(order, ends), 'float32');
}

function checkShapes(label: string, inputs: readonly FreeShape[]): void {
  const [x = [], lengths] = inputs;
  const short = x.length < 3;
  const odd = lengths && lengths.length !== 1 && !(lengths.length === 2 && lengths[1] === 1);
  if (!short && !odd && inputs.length <= 2) return;
  throw new HeddleError({
    op: label,
    message:
      inputs.length > 2
        ? `takes x, or x and lengths, got ${inputs.length} inputs`
        : short
          ? `input ${showFree(x)} has no steps with features`
          : `lengths are ${showFree(lengths ?? [])}`,
    roles: [odd && !short ? 'lengths' : 'input'],
    values: { inputs },
    fix: short
      ? 'give it [batch, steps, features]'
      : 'apply it to [x, lengths], lengths one for each example: [batch]',
  });
}
