/** The transposed convolution: the gradient of a convolution to its input, as an op of its own. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { showShape } from '../../core/shape.js';
import type { Value } from '../../ir/graph.js';
import type { Conv2dOptions } from './convolution.js';
import { explicitPads, type Pads, type Pair, positivePair, reach, samePads } from './geometry.js';
import { inputGradient } from './op.js';
import { isPointwise, pointwiseProduct } from './pointwise.js';
import { inputGradientShape } from './shape.js';

export interface Conv2dTransposeOptions extends Conv2dOptions {
  /** Rows and columns more at the end, fewer than the stride. Not with `padding: 'same'`. Default: see `conv2dTranspose`. */
  readonly outputPadding?: number | Pair;
}

const OP = 'conv2dTranspose';

/**
 * Transposed convolution of `x` [N, P, Q, K] with `filter` [R, S, C / groups, K] (height, width, out, in): [N, H, W, C], the
 * gradient of `conv2d` to an input of that size. H = (P − 1)·stride + (R − 1)·dilation + 1 − top − bottom + outputPadding, where
 * outputPadding is 0 by default; `'same'` gives H = P·stride, and `'valid'` at least that, as in Keras. float32. Throws a
 * `HeddleError` where ranks, dtypes or channels do not fit, groups do not divide the channels, or no image is left.
 */
export function conv2dTranspose(x: Value, filter: Value, options: Conv2dTransposeOptions = {}): Value {
  rejectUnknownOptions(OP, options, ['strides', 'dilations', 'padding', 'groups', 'outputPadding']);
  const { padding = 'valid', groups = 1 } = options;
  const strides = positivePair(OP, 'strides', options.strides ?? 1);
  const dilations = positivePair(OP, 'dilations', options.dilations ?? 1);
  const along = (axis: 0 | 1): Axis => ({
    places: x.shape[axis + 1] ?? 0,
    cells: filter.shape[axis] ?? 0,
    stride: strides[axis],
    dilation: dilations[axis],
  });
  const axes = [along(0), along(1)] as const;
  if (padding === 'same') refuseOutputPadding(options);
  const pads: Pads =
    padding === 'same' ? [sameAlong(axes[0]), sameAlong(axes[1])] : explicitPads(OP, padding);
  const extra =
    options.outputPadding === undefined ? null : positivePair(OP, 'outputPadding', options.outputPadding, 0);
  const sizeAlong = (axis: 0 | 1): number => {
    const { places, cells, stride, dilation } = axes[axis];
    const span = reach(cells, dilation);
    const whole = padding === 'valid' || padding === 'same' ? Math.max(0, stride - span) : 0;
    return (places - 1) * stride + span - pads[axis][0] - pads[axis][1] + (extra?.[axis] ?? whole);
  };
  const size: Pair = [sizeAlong(0), sizeAlong(1)];
  requireImage(size, x, filter, pads);
  const attrs = { strides, dilations, padding: pads, groups, size };
  const shape = inputGradientShape(OP, [x, filter], attrs); // so that errors name this op
  if (isPointwise(shape)) return pointwiseProduct(x, filter, { transposed: true });
  return inputGradient(x, filter, attrs);
}

interface Axis {
  readonly places: number;
  readonly cells: number;
  readonly stride: number;
  readonly dilation: number;
}

/** The padding of the convolution that takes places · stride cells to as many places. */
const sameAlong = ({ places, cells, stride, dilation }: Axis): Pair =>
  samePads(places, places * stride, cells, stride, dilation);

function refuseOutputPadding({ padding, outputPadding }: Conv2dTransposeOptions): void {
  if (outputPadding === undefined) return;
  throw new HeddleError({
    op: OP,
    message: "padding 'same' already settles the size",
    roles: ['padding', 'outputPadding'],
    values: { padding, outputPadding },
    fix: 'leave outputPadding out, or give padding as numbers',
  });
}

function requireImage(size: Pair, { shape: x }: Value, { shape: filter }: Value, padding: Pads): void {
  if (size.every((extent) => extent > 0) || x.includes(0)) return;
  throw new HeddleError({
    op: OP,
    message: `padding ${JSON.stringify(padding)} leaves an image of ${showShape(size)}`,
    roles: ['input', 'padding'],
    values: { input: x, filter, padding, size },
    fix: `input ${showShape(x)} (NHWC), filter ${showShape(filter)} (height, width, out, in): use less padding`,
  });
}
