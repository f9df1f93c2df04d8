/** Initializers without chance: zeros, ones, constant, identity. */

import { HeddleError } from '../../core/errors.js';
import { showShape, sizeOf } from '../../core/shape.js';
import { checkNumber, checkOptions, type Initializer, initializer, type NoOptions } from './initializer.js';

/** All 0. */
export function zeros(options: NoOptions = {}): Initializer {
  checkOptions('zeros', options, []);
  return initializer('zeros', {}, (shape) => new Float32Array(sizeOf(shape)));
}

/** All 1. */
export function ones(options: NoOptions = {}): Initializer {
  checkOptions('ones', options, []);
  return initializer('ones', {}, (shape) => new Float32Array(sizeOf(shape)).fill(1));
}

/** All `value` (default 0). */
export function constant(options: { readonly value?: number } = {}): Initializer {
  checkOptions('constant', options, ['value']);
  const value = checkNumber('constant', 'value', options.value ?? 0);
  return initializer('constant', { value }, (shape) => new Float32Array(sizeOf(shape)).fill(value));
}

/**
 * `gain` (default 1) on the main diagonal, 0 elsewhere: the identity where the shape is square. The shape has two dimensions.
 *
 * @throws HeddleError, from `create`, for any other rank.
 */
export function identity(options: { readonly gain?: number } = {}): Initializer {
  checkOptions('identity', options, ['gain']);
  const gain = checkNumber('identity', 'gain', options.gain ?? 1);
  return initializer('identity', { gain }, (shape) => {
    const [rows, columns] = shape;
    if (shape.length !== 2 || rows === undefined || columns === undefined) {
      throw new HeddleError({
        op: 'identity',
        message: `shape ${showShape(shape)} has ${shape.length} dimensions`,
        roles: ['shape'],
        values: { shape },
        fix: 'use identity for matrices; for filters, orthogonal takes any rank from 2',
      });
    }
    const values = new Float32Array(rows * columns);
    for (let index = 0; index < Math.min(rows, columns); index++) values[index * columns + index] = gain;
    return values;
  });
}
