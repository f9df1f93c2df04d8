/** Merge layers: several tensors become one, element by element. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { defineLayer, type LayerFactory } from '../layer.js';
import { type FreeShape, showFree } from '../shapes.js';
import { commonDtype, floatDtype } from './common-dtype.js';
import { commonMask } from './common-mask.js';

type None = Readonly<Record<never, never>>;

/** A layer without options that merges at least `least` inputs, at most `most`. */
function merging(
  type: string,
  merge: (inputs: readonly Tensor[]) => Tensor,
  least = 1,
  most = Number.POSITIVE_INFINITY,
  resultDtype = commonDtype,
): LayerFactory<None> {
  return defineLayer<None>({
    type,
    options: [],
    create: (_, label) => ({
      outputShape(inputs) {
        if (inputs.length < least || inputs.length > most) {
          throw new HeddleError({
            op: label,
            message: `takes ${least === most ? least : `at least ${least}`} inputs, got ${inputs.length}`,
            roles: ['inputs'],
            values: { inputs: inputs.length },
            fix: 'apply it to a list: layer.apply([a, b])',
          });
        }
        return inputs.reduce((merged, shape) => broadcast(label, inputs, merged, shape));
      },
      outputDtype: (dtypes) => resultDtype(label, dtypes),
      call: (inputs) => merge(inputs),
      mask: (masks) => commonMask(masks),
    }),
  });
}

/** What two shapes broadcast to; free extents fit everything. */
function broadcast(label: string, inputs: readonly FreeShape[], a: FreeShape, b: FreeShape): FreeShape {
  const rank = Math.max(a.length, b.length);
  const from = (shape: FreeShape, axis: number): number | null => {
    const at = axis - (rank - shape.length);
    return at < 0 ? 1 : (shape[at] ?? null);
  };
  return Array.from({ length: rank }, (_, axis) => {
    const [one, other] = [from(a, axis), from(b, axis)];
    if (one === other || other === 1) return one;
    if (one === 1) return other;
    if (one === null || other === null) return one ?? other;
    throw new HeddleError({
      op: label,
      message: `inputs ${inputs.map(showFree).join(' and ')} do not fit each other`,
      roles: ['inputs'],
      values: { inputs },
      fix: 'give tensors of one shape, or with extents of 1 where they repeat',
    });
  });
}

const folded =
  (fold: (a: Tensor, b: Tensor) => Tensor) =>
  (inputs: readonly Tensor[]): Tensor =>
    inputs.reduce(fold);

/** Σ inputs. Shapes are equal, or broadcast. */
export const add = merging('add', folded(ops.add));

/** The first input minus the second. */
export const subtract = merging('subtract', folded(ops.sub), 2, 2);

/** Π inputs. */
export const multiply = merging('multiply', folded(ops.mul));

/** Σ inputs / their number, of float32. */
export const average = merging(
  'average',
  (inputs) => {
    const sum = folded(ops.add)(inputs);
    return inputs.length === 1 ? sum : ops.mul(sum, 1 / inputs.length);
  },
  1,
  Number.POSITIVE_INFINITY,
  (label, dtypes) => floatDtype(label, [commonDtype(label, dtypes)]),
);

/** The largest of the inputs, element by element. Where two are equal, the first gets the gradient. */
export const maximum = merging('maximum', folded(ops.maximum));

/** The smallest of the inputs, element by element. */
export const minimum = merging('minimum', folded(ops.minimum));
