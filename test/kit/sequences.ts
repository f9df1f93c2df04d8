/** What tests of recurrent layers share: sequences, masks as data, and ways to put layers into models. */

import { sizeOf } from '../../src/core/shape.js';
import { type Nested, ops, type Tensor } from '../../src/engine/index.js';
import { type AnyLayer, defineLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import type { SymbolicTensor } from '../../src/nn/symbolic.js';

/** Numbers of `shape` between -1 and 1 in no order, others for each `seed`. */
export function numbers(shape: readonly number[], seed = 0): Float32Array<ArrayBuffer> {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return Float32Array.from({ length: size }, (_, index) => {
    const part = (index * 0.6180339887 + 0.17 + seed * 0.377) % 1;
    return part * 2 - 1;
  });
}

/** The same as nested arrays. */
export function nestedNumbers(shape: readonly number[], seed = 0): Nested {
  const data = numbers(shape, seed);
  let next = 0;
  const fill = ([extent = 0, ...rest]: readonly number[]): Nested =>
    Array.from({ length: extent }, () => (rest.length > 0 ? fill(rest) : (data[next++] as number)));
  return fill(shape);
}

/** [x, mask [batch, steps]] → x, of which the mask says what counts. */
export const masked = defineLayer<object>({
  type: 'masked',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    call: ([x]) => x as Tensor,
    mask: (_, [, mask = null]) => mask,
  }),
});

/** All outputs of `layer`. */
export function outputsOf(
  layer: AnyLayer,
  inputs: SymbolicTensor | readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  const outputs = layer.apply(inputs);
  return Array.isArray(outputs) ? outputs : [outputs];
}

export interface SequenceNetOptions {
  /** Without the batch. Default [4, 3]. */
  readonly shape?: readonly (number | null)[];
  readonly batchSize?: number;
  /** Features of initial states, which become further inputs. */
  readonly states?: readonly number[];
  /** Whether the last input is a mask [batch, steps]. */
  readonly mask?: boolean;
  readonly seed?: number;
}

/** x, initial states and mask → all outputs of `layer`. */
export function sequenceNet(layer: AnyLayer, options: SequenceNetOptions = {}): Network {
  const { shape = [4, 3], batchSize, states = [], mask = false, seed = 5 } = options;
  const batch = batchSize === undefined ? {} : { batchSize };
  const input = (of: readonly (number | null)[]): SymbolicTensor => layers.input({ shape: of, ...batch });
  const x = input(shape);
  const given = states.map((size) => input([size]));
  const counts = mask ? input([shape[0] ?? null]) : null;
  const seen = counts ? masked().apply([x, counts]) : x;
  const outputs = outputsOf(layer, [seen, ...given]);
  return new Network({ inputs: [x, ...given, ...(counts ? [counts] : [])], outputs, seed });
}

/** All outputs of `net`, as one vector. */
export const flatOutputs = (net: Network, inputs: readonly Tensor[], training = false): Tensor =>
  ops.concat(
    net.apply(inputs, { training }).map((output) => ops.reshape(output, [sizeOf(output.shape)])),
    { axis: 0 },
  );

/** The largest difference between two lists of numbers, nested alike; NaN where they differ in length. */
export function distance(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b);
  const [first, second] = [a, b] as [ArrayLike<unknown>, ArrayLike<unknown>];
  if (first.length !== second.length) return Number.NaN;
  return Math.max(0, ...Array.from(first, (value, index) => distance(value, second[index])));
}
