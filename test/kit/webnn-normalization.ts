/** WebNN's normalisations by Heddle's ops: with statistics given, over each image, over chosen axes. */

import type { Value } from '../../src/ir/graph.js';
import * as ops from '../../src/ops/index.js';
import type { Arguments, Mapping } from './webnn.js';

const EPSILON = 1e-5;

/** `vector` [n] along `axis` of a tensor of `rank`. */
const along = (vector: Value, axis: number, rank: number): Value =>
  ops.reshape(
    vector,
    Array.from({ length: rank }, (_, at) => (at === axis ? -1 : 1)),
  );

/** y · scale + bias, either of which may be missing. */
function scaledAndShifted(y: Value, args: Arguments, spread: (weight: Value) => Value): Value {
  const scaled = args.has('scale') ? ops.mul(y, spread(args.value('scale'))) : y;
  return args.has('bias') ? ops.add(scaled, spread(args.value('bias'))) : scaled;
}

export const NORMALIZATIONS: Readonly<Record<string, Mapping>> = {
  batchNormalization: {
    build(args) {
      const x = args.value('input');
      const spread = (vector: Value): Value => along(vector, args.number('axis', 1), x.shape.length);
      const r = ops.reciprocal(ops.sqrt(ops.add(args.value('variance'), args.number('epsilon', EPSILON))));
      const y = ops.mul(ops.sub(x, spread(args.value('mean'))), spread(r));
      return scaledAndShifted(y, args, spread);
    },
    tolerance: () => ({ ulp: 6 }),
  },
  instanceNormalization: {
    build(args) {
      const x = args.value('input');
      const channels = args.has('layout') && args.text('layout') === 'nhwc' ? 3 : 1;
      const axis = [1, 2, 3].filter((one) => one !== channels);
      const [y = x] = ops.standardize(x, { axis, epsilon: args.number('epsilon', EPSILON) });
      return scaledAndShifted(y, args, (vector) => along(vector, channels, 4));
    },
    tolerance: () => ({ ulp: 840 }),
  },
  layerNormalization: {
    build(args) {
      const x = args.value('input');
      const axes = args.list('axes') ?? x.shape.map((_, axis) => axis).slice(1);
      // Over no axes each element is its own mean.
      const epsilon = args.number('epsilon', EPSILON);
      const [y = x] = axes.length === 0 ? [ops.sub(x, x)] : ops.standardize(x, { axis: axes, epsilon });
      // Weights have the extents of the axes in the order that these are given in.
      const sorted = [...axes].sort((a, b) => a - b);
      const shape = x.shape.map((extent, axis) => (axes.includes(axis) ? extent : 1));
      return scaledAndShifted(y, args, (weight) =>
        ops.reshape(ops.transpose(weight, { perm: sorted.map((axis) => axes.indexOf(axis)) }), shape),
      );
    },
    tolerance: () => ({ absolute: 1 / 1024 }),
  },
};
