/**
 * Orthonormal rows or columns, so that a repeated product neither grows nor fades: the usual start of recurrent weights.
 *
 * Saxe, McClelland, Ganguli: "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2014.
 */

import { HeddleError } from '../../core/errors.js';
import type { RandomStream } from '../../core/random.js';
import { showShape, sizeOf } from '../../core/shape.js';
import { checkNumber, checkOptions, type Initializer, initializer } from './initializer.js';

/** What may be left of a vector's length before what is left is rounding: it is drawn again. */
const DEGENERATE = 1e-10;

/**
 * A matrix, uniformly distributed among those with orthonormal columns (or rows, where there are fewer of them), times `gain`
 * (default 1). A shape of more than two dimensions counts as `[all but the last, last]`.
 *
 * @throws HeddleError, from `create`, for a shape of fewer than two dimensions.
 */
export function orthogonal(options: { readonly gain?: number } = {}): Initializer {
  checkOptions('orthogonal', options, ['gain']);
  const gain = checkNumber('orthogonal', 'gain', options.gain ?? 1);
  return initializer('orthogonal', { gain }, (shape, random) => {
    if (shape.length < 2) {
      throw new HeddleError({
        op: 'orthogonal',
        message: `shape ${showShape(shape)} has ${shape.length} dimensions`,
        roles: ['shape'],
        values: { shape },
        fix: 'use it for two dimensions or more; zeros is usual for biases',
      });
    }
    const rows = sizeOf(shape.slice(0, -1));
    const columns = shape.at(-1) ?? 0;
    const vectors = orthonormalVectors(Math.min(rows, columns), Math.max(rows, columns), random);
    const [vectorStride, elementStride] = rows >= columns ? [1, columns] : [columns, 1];
    const values = new Float32Array(rows * columns);
    for (const [at, vector] of vectors.entries()) {
      for (let i = 0; i < vector.length; i++) {
        values[at * vectorStride + i * elementStride] = gain * (vector[i] as number);
      }
    }
    return values;
  });
}

/**
 * `count` orthonormal vectors of `length` ≥ `count`: modified Gram–Schmidt on normal vectors. It is the QR decomposition whose R has
 * a positive diagonal, which is what makes Q uniform; decompositions by reflection have to mend their signs for that. Each vector is
 * projected twice, which leaves it orthogonal to within rounding (Giraud, Langou, Rozložník: "The loss of orthogonality in the
 * Gram–Schmidt orthogonalization process", 2005).
 */
function orthonormalVectors(count: number, length: number, random: RandomStream): Float64Array[] {
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    const drawn = Math.sqrt(dot(vector, vector));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) addScaled(vector, -dot(vector, other), other);
    }
    const left = Math.sqrt(dot(vector, vector));
    if (left <= DEGENERATE * drawn) continue;
    for (let i = 0; i < length; i++) vector[i] = (vector[i] as number) / left;
    vectors.push(vector);
  }
  return vectors;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function addScaled(into: Float64Array, factor: number, vector: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + factor * (vector[i] as number);
}
