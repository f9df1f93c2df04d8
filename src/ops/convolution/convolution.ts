/** The public convolutions: images are NHWC, filters HWIO. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { showShape } from '../../core/shape.js';
import type { TensorType, Value } from '../../ir/graph.js';
import { reshape } from '../structural.js';
import {
  requireLength,
  resolveWindow,
  type SequencePadding,
  sequencePads,
  type WindowOptions,
} from './geometry.js';
import { convolution } from './op.js';
import { isPointwise, pointwiseProduct } from './pointwise.js';
import { type ConvAttrs, convShape, fourExtents, IMAGES } from './shape.js';

export interface Conv2dOptions extends WindowOptions {
  /** Channels and filters in as many parts, each convolved by itself. Default 1. */
  readonly groups?: number;
}

export interface Conv1dOptions {
  /** Default 1. */
  readonly strides?: number;
  /** Default 1. */
  readonly dilations?: number;
  /** As for images; a pair is [before, after]. Default `'valid'`. */
  readonly padding?: SequencePadding;
  /** Default 1. */
  readonly groups?: number;
}

const WINDOW = ['strides', 'dilations', 'padding'];
const GROUPED = [...WINDOW, 'groups'];

/**
 * Convolution of images `x` [N, H, W, C] with `filter` [R, S, C / groups, K]: [N, P, Q, K],
 * y[n, p, q, k] = Σ_{r, s, c} x[n, p·stride + r·dilation − top, q·stride + s·dilation − left, c] · filter[r, s, c, k], with zeros around
 * the image and P = ⌊(H + top + bottom − (R − 1)·dilation − 1) / stride⌋ + 1. float32. Throws a `HeddleError` where ranks,
 * dtypes or channels do not fit, groups do not divide the channels, or the kernel exceeds the padded image.
 */
export function conv2d(x: Value, filter: Value, options: Conv2dOptions = {}): Value {
  rejectUnknownOptions('conv2d', options, GROUPED);
  return convolve('conv2d', x, filter, options);
}

/** `conv2d` of sequences `x` [N, L, C] with `filter` [R, C / groups, K]: [N, P, K]. */
export function conv1d(x: Value, filter: Value, options: Conv1dOptions = {}): Value {
  rejectUnknownOptions('conv1d', options, GROUPED);
  const [n, length, channels] = threeExtents('input', x, '[batch, length, channels]');
  const [size, perGroup, filters] = threeExtents('filter', filter, '[length, channels per group, filters]');
  const { groups = 1 } = options;
  const strides = positiveInteger('strides', options.strides ?? 1);
  const dilations = positiveInteger('dilations', options.dilations ?? 1);
  const padding = sequencePads('conv1d', options.padding ?? 'valid');
  if (channels % groups === 0 && channels !== perGroup * groups) {
    const expected = groups === 1 ? perGroup : `${perGroup} × ${groups} groups`;
    throw otherChannels('conv1d', x, filter, expected, 'length, channels per group, filters');
  }
  if (padding !== 'same') {
    const ends = padding === 'valid' ? ([0, 0] as const) : padding;
    requireLength('conv1d', length, size, { stride: strides, dilation: dilations, padding: ends });
  }
  const y = convolve(
    'conv1d',
    reshape(x, [n, 1, length, channels]),
    reshape(filter, [1, size, perGroup, filters]),
    {
      strides: [1, strides],
      dilations: [1, dilations],
      padding: typeof padding === 'string' ? padding : [[0, 0], padding],
      groups,
    },
  );
  return reshape(y, [n, y.shape[2] ?? 0, filters]);
}

/**
 * Each channel of `x` [N, H, W, C] convolved by itself with `filter` [R, S, C, multiplier]: [N, P, Q, C · multiplier], channel
 * c · multiplier + m from channel c and filter m. Options and errors are those of `conv2d`, without groups.
 */
export function depthwiseConv2d(x: Value, filter: Value, options: WindowOptions = {}): Value {
  rejectUnknownOptions('depthwiseConv2d', options, WINDOW);
  return depthwise('depthwiseConv2d', x, filter, options);
}

/**
 * `depthwiseConv2d` with `depthwiseFilter` [R, S, C, multiplier], then a 1×1 convolution with `pointwiseFilter`
 * [1, 1, C · multiplier, K]: [N, P, Q, K]. Options are those of the first.
 */
export function separableConv2d(
  x: Value,
  depthwiseFilter: Value,
  pointwiseFilter: Value,
  options: WindowOptions = {},
): Value {
  rejectUnknownOptions('separableConv2d', options, WINDOW);
  const [height, width] = pointwiseFilter.shape;
  if (height !== 1 || width !== 1) {
    throw new HeddleError({
      op: 'separableConv2d',
      message: `the pointwise filter is ${showShape(pointwiseFilter.shape)}`,
      roles: ['pointwiseFilter'],
      values: { pointwiseFilter: pointwiseFilter.shape },
      fix: 'give [1, 1, channels · multiplier, filters]',
    });
  }
  return convolve(
    'separableConv2d',
    depthwise('separableConv2d', x, depthwiseFilter, options),
    pointwiseFilter,
    {},
  );
}

function depthwise(op: string, x: Value, filter: Value, options: WindowOptions): Value {
  const layout = 'height, width, channels, multiplier';
  const [, , , given] = fourExtents(op, 'input', x, IMAGES);
  const [height, width, channels, multiplier] = fourExtents(op, 'filter', filter, `filters are [${layout}]`);
  if (given !== channels || channels === 0) throw otherChannels(op, x, filter, channels, layout);
  const flat = reshape(filter, [height, width, 1, channels * multiplier]);
  return convolve(op, x, flat, { ...options, groups: channels });
}

function convolve(op: string, x: Value, filter: Value, options: Conv2dOptions): Value {
  const [, height = 0, width = 0] = x.shape;
  const [r = 0, s = 0] = filter.shape;
  const window = resolveWindow(op, [height, width], [r, s], options);
  const attrs: ConvAttrs = { ...window, groups: options.groups ?? 1 };
  const shape = convShape(op, [x, filter], attrs);
  return isPointwise(shape)
    ? pointwiseProduct(x, filter, { transposed: false })
    : convolution(x, filter, attrs);
}

function otherChannels(
  op: string,
  { shape: x }: TensorType,
  { shape: filter }: TensorType,
  expected: number | string,
  layout: string,
): HeddleError {
  return new HeddleError({
    op,
    message: `input has ${x.at(-1)} channels, filter expects ${expected}`,
    roles: ['input', 'filter'],
    values: { input: x, filter },
    fix: `input ${showShape(x)} (channels last), filter ${showShape(filter)} (${layout}): make these equal`,
  });
}

/** Of a sequence, which has one axis. */
function positiveInteger(role: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new HeddleError({
    op: 'conv1d',
    message: `${role} is ${JSON.stringify(value)}`,
    roles: [role],
    values: { [role]: value },
    fix: 'give an integer ≥ 1',
  });
}

function threeExtents(
  role: string,
  { shape }: TensorType,
  layout: string,
): readonly [number, number, number] {
  const [a, b, c, ...more] = shape;
  if (a !== undefined && b !== undefined && c !== undefined && more.length === 0) return [a, b, c];
  throw new HeddleError({
    op: 'conv1d',
    message: `${role} ${showShape(shape)} has rank ${shape.length}, not 3`,
    roles: [role],
    values: { [role]: shape },
    fix: `give ${layout}`,
  });
}
