/** WebNN's convolutions as Heddle's: layouts by transposes to NHWC and HWIO, and back. */

import { sizeOf } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';
import * as ops from '../../src/ops/index.js';
import type { Arguments, Mapping } from './webnn.js';

/** `x`, whose axes are the letters of `layout`, with its axes in the order `wanted`. */
const laidOut = (x: Value, layout: string, wanted: string): Value =>
  ops.transpose(x, { perm: [...wanted].map((letter) => layout.indexOf(letter)) });

const pair = ([first = 1, second = 1]: readonly number[]): readonly [number, number] => [first, second];

/** What both operators have in common: windows, layouts and the bias. */
function readConvolution(args: Arguments, filterLayout: string) {
  const inputLayout = args.has('inputLayout') ? args.text('inputLayout') : 'nchw';
  const [top = 0, bottom = 0, left = 0, right = 0] = args.list('padding') ?? [];
  const bias = args.has('bias') ? args.value('bias') : null;
  return {
    x: laidOut(args.value('input'), inputLayout, 'nhwc'),
    filter: args.value('filter'),
    filterLayout: args.has('filterLayout') ? args.text('filterLayout') : filterLayout,
    options: {
      strides: pair(args.list('strides') ?? []),
      dilations: pair(args.list('dilations') ?? []),
      padding: [
        [top, bottom],
        [left, right],
      ] as const,
      groups: args.number('groups', 1),
    },
    finish: (y: Value): Value => laidOut(bias ? ops.add(y, bias) : y, 'nhwc', inputLayout),
  };
}

/** 2 ULP for each element of the filter that one output channel sees, and one for the bias. */
const tolerance =
  (defaultLayout: string): NonNullable<Mapping['tolerance']> =>
  (_terms, _input, args) => {
    const { filter, filterLayout } = readConvolution(args, defaultLayout);
    const outputs = filter.shape[filterLayout.indexOf('o')] ?? 1;
    return { ulp: (2 * sizeOf(filter.shape)) / outputs + 1 };
  };

export const CONVOLUTIONS: Readonly<Record<string, Mapping>> = {
  conv2d: {
    build(args) {
      const { x, filter, filterLayout, options, finish } = readConvolution(args, 'oihw');
      return finish(ops.conv2d(x, laidOut(filter, filterLayout, 'hwio'), options));
    },
    tolerance: tolerance('oihw'),
  },
  convTranspose2d: {
    build(args) {
      const { x, filter, filterLayout, options, finish } = readConvolution(args, 'iohw');
      const turned = laidOut(filter, filterLayout, 'hwoi');
      const sizes = args.list('outputSizes');
      const least = ops.conv2dTranspose(x, turned, { ...options, outputPadding: 0 }).shape.slice(1, 3);
      const outputPadding = sizes
        ? pair(sizes.map((size, axis) => size - (least[axis] ?? 0)))
        : pair(args.list('outputPadding') ?? [0, 0]);
      return finish(ops.conv2dTranspose(x, turned, { ...options, outputPadding }));
    },
    tolerance: tolerance('iohw'),
  },
};
