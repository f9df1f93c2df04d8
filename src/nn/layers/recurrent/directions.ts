/**
 * The weights of both directions of a bidirectional layer, side by side along the last axis: `[forward | backward]`. What the user chooses
 * for a weight goes for each direction by itself, so that fans, orthogonality and norms are those of one direction.
 */

import { ops, type Shape, type Tensor } from '../../../engine/index.js';
import type { Constraint } from '../../constraints/constraint.js';
import { type Initializer, initializer } from '../../initializers/initializer.js';
import { type InitializerSpec, resolveInitializer } from '../../initializers/resolve.js';
import type { Regularizer } from '../../regularizers/regularizer.js';
import type { WeightBuilder } from '../../weights.js';

/** For each direction, whether it runs backwards. */
export type Directions = readonly boolean[];

/** A builder that makes each weight `count` times as wide as it is asked for. */
export const sideBySide = (label: string, weights: WeightBuilder, count: number): WeightBuilder =>
  count === 1
    ? weights
    : {
        ...weights,
        add: (name, shape, spec, { regularizer, constraint, ...options } = {}) =>
          weights.add(name, widened(shape, count), initializedEach(label, spec, count), {
            ...options,
            regularizer: regularizer ? regularizedEach(regularizer, count) : null,
            constraint: constraint ? constrainedEach(constraint, count) : null,
          }),
      };

const widened = (shape: Shape, count: number): Shape => [...shape.slice(0, -1), (shape.at(-1) ?? 1) * count];

function initializedEach(label: string, spec: InitializerSpec, count: number): Initializer {
  const one = resolveInitializer(label, spec);
  return initializer(one.name, one.config, (shape, random) => {
    const whole = shape.at(-1) ?? 0;
    const width = whole / count;
    const parts = Array.from({ length: count }, () => one.create([...shape.slice(0, -1), width], random));
    const size = (parts[0]?.length ?? 0) * count;
    return Float32Array.from({ length: size }, (_, index) => {
      const [row, column] = [Math.floor(index / whole), index % whole];
      return parts[Math.floor(column / width)]?.[row * width + (column % width)] ?? 0;
    });
  });
}

const regularizedEach = (regularizer: Regularizer, count: number): Regularizer => ({
  name: regularizer.name,
  config: regularizer.config,
  penalty: (weight) =>
    parted(weight, count)
      .map((part) => regularizer.penalty(part))
      .reduce((sum, one) => ops.add(sum, one)),
});

const constrainedEach = (constraint: Constraint, count: number): Constraint => ({
  name: constraint.name,
  config: constraint.config,
  constrain: (weight) => joined(parted(weight, count).map((part) => constraint.constrain(part))),
});

/** The `count` parts of `x` along its last axis. */
export const parted = (x: Tensor, count: number): readonly Tensor[] =>
  count === 1 ? [x] : ops.split(x, { sizes: count, axis: -1 });

/** What `parted` takes apart, put together. */
export const joined = (parts: readonly Tensor[]): Tensor =>
  parts.length === 1 ? (parts[0] as Tensor) : ops.concat(parts, { axis: -1 });
