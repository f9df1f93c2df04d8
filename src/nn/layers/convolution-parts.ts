/** What the layers of convolutions have in common: options, extents before data comes, and errors that name the layer. */

import { HeddleError, ops, type Shape, type Tensor, type Variable } from '../../engine/index.js';
import { type ActivationSpec, resolveActivation } from '../activations.js';
import { checkedFlag } from '../checks.js';
import { type FreeShape, showFree } from '../shapes.js';
import { checkedPair, checkedSides, type Pair, type Sides } from '../windows.js';
import type { WeightRuleOptions } from './weight-rules.js';

export interface Window2dOptions {
  /** Cells of the kernel, one number or [height, width]. */
  readonly kernelSize: number | Pair;
  /** Steps of the kernel, one number or [height, width]. Default 1. */
  readonly strides?: number | Pair;
  /** Distance of the kernel's cells, one number or [height, width]; also together with strides. Default 1. */
  readonly dilations?: number | Pair;
  /**
   * Zeros around the image: `'valid'` none; `'same'` as many as make the output ⌈in / stride⌉ long, the odd one at the end; one number
   * for all sides; or [[top, bottom], [left, right]]. Default `'valid'`.
   */
  readonly padding?: 'valid' | 'same' | number | Sides;
}

export interface OutputOptions extends WeightRuleOptions<'bias'> {
  /** Applied to the result. Default `linear`. */
  readonly activation?: ActivationSpec;
  /** Default `true`. */
  readonly useBias?: boolean;
}

export const WINDOW_OPTIONS = ['kernelSize', 'strides', 'dilations', 'padding'] as const;
export const OUTPUT_OPTIONS = [
  'activation',
  'useBias',
  'biasInitializer',
  'biasRegularizer',
  'biasConstraint',
] as const;

/** What Keras and TF.js call them. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  dilationRate: 'it is called dilations here: dilations: 2',
  dataFormat: 'leave it out: channels come last, [batch, height, width, channels]',
  activityRegularizer: 'regularize weights: kernelRegularizer, biasRegularizer',
};

type Padding = 'valid' | 'same' | Sides;

/** `Window2dOptions` with every number known. */
export interface Window2d {
  readonly kernelSize: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

/** Throws a HeddleError for numbers out of range. */
export function checkedWindow(label: string, options: Window2dOptions): Window2d {
  const { strides = 1, dilations = 1, padding = 'valid' } = options;
  return {
    kernelSize: checkedPair(label, 'kernelSize', options.kernelSize),
    strides: checkedPair(label, 'strides', strides),
    dilations: checkedPair(label, 'dilations', dilations),
    padding: checkedPadding(label, padding),
  };
}

function checkedPadding(label: string, padding: unknown): Padding {
  if (padding === 'valid' || padding === 'same') return padding;
  if (typeof padding !== 'string') return checkedSides(label, 'padding', padding);
  throw new HeddleError({
    op: label,
    message: `padding is '${padding}'`,
    roles: ['padding'],
    values: { padding },
    fix: "use 'valid', 'same', an integer ≥ 0, or [[top, bottom], [left, right]]",
  });
}

/**
 * What comes after the convolution itself: y = activation(x + bias), seen as `shape`. By name activations know no axis but the last: they
 * go before the view, and with the bias into the kernel. Functions are given what the user expects.
 */
export function checkedOutput(
  label: string,
  options: OutputOptions,
): {
  readonly useBias: boolean;
  finish(x: Tensor, bias: Variable | null, shape?: Shape): Tensor;
} {
  const activation = resolveActivation(label, options.activation ?? 'linear');
  const useBias = checkedFlag(label, 'useBias', options.useBias ?? true);
  return {
    useBias,
    finish(x, bias, shape = x.shape) {
      const sums = bias ? ops.add(x, bias) : x;
      if (shape === x.shape) return activation(sums);
      return typeof options.activation === 'function'
        ? activation(ops.reshape(sums, shape))
        : ops.reshape(activation(sums), shape);
    },
  };
}

/** Whether each place sees one cell, its own: then the convolution is a product of matrices. */
export const isPointwise = ({ kernelSize, strides, padding }: Window2d, groups: number): boolean =>
  groups === 1 &&
  [...kernelSize, ...strides].every((one) => one === 1) &&
  (typeof padding === 'string' || padding.flat().every((one) => one === 0));

/** x [batch, …, in] · kernel [1, …, in, filters], or [1, …, filters, in] with `transposeB`: [all places, filters]. */
export function pointwiseProduct(x: Tensor, kernel: Tensor, options: { transposeB?: boolean } = {}): Tensor {
  const places = x.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const flat = ops.reshape(x, [places, x.shape.at(-1) ?? 0]);
  return ops.matmul(flat, ops.reshape(kernel, kernel.shape.slice(-2)), options);
}

const AXES = ['height', 'width'] as const;

/** From the first cell of a dilated kernel to its last. */
const reach = (window: Window2d, axis: 0 | 1): number =>
  (window.kernelSize[axis] - 1) * window.dilations[axis] + 1;

/** How many places the window visits along an axis of `extent` cells, `name` in errors. Throws where not even one. */
export function convolvedExtent(
  label: string,
  extent: number | null,
  window: Window2d,
  axis: 0 | 1,
  name: string = AXES[axis],
): number | null {
  if (extent === null) return null;
  const { padding, strides, kernelSize, dilations } = window;
  if (padding === 'same') return Math.ceil(extent / strides[axis]);
  const padded = extent + (padding === 'valid' ? 0 : padding[axis][0] + padding[axis][1]);
  const span = reach(window, axis);
  if (span <= padded) return Math.floor((padded - span) / strides[axis]) + 1;
  const dilated = dilations[axis] > 1 ? ` (${kernelSize[axis]} dilated by ${dilations[axis]})` : '';
  throw new HeddleError({
    op: label,
    message: `the kernel's ${name} ${span}${dilated} exceeds the padded input's ${padded}`,
    roles: ['kernelSize', 'input'],
    values: { kernelSize, dilations, padding, input: extent },
    fix: 'use a smaller kernelSize, fewer poolings before it, or more padding',
  });
}

/** The extent that a convolution of `window` would take to `extent` places. Throws where none is left. */
export function transposedExtent(
  label: string,
  extent: number | null,
  window: Window2d,
  axis: 0 | 1,
  outputPadding: Pair | null,
): number | null {
  if (extent === null) return null;
  const { padding, strides, kernelSize } = window;
  const stride = strides[axis];
  if (padding === 'same') return extent * stride;
  const span = reach(window, axis);
  const [before, after] = padding === 'valid' ? [0, 0] : padding[axis];
  const whole = padding === 'valid' ? Math.max(0, stride - span) : 0;
  const size = (extent - 1) * stride + span - before - after + (outputPadding?.[axis] ?? whole);
  if (size > 0) return size;
  throw new HeddleError({
    op: label,
    message: `padding [${before},${after}] leaves nothing of the output's ${AXES[axis]}`,
    roles: ['padding', 'input'],
    values: { kernelSize, strides, padding, input: extent },
    fix: 'use less padding',
  });
}

/** The number of channels, the last extent. Throws where it is free. */
export function knownChannels(label: string, shape: FreeShape): number {
  const channels = shape.at(-1) ?? null;
  if (channels !== null) return channels;
  throw new HeddleError({
    op: label,
    message: `the channels of input ${showFree(shape)} are free, so the kernel has no size`,
    roles: ['inputShape'],
    values: { input: shape },
    fix: 'give the channels a number in inputShape',
  });
}

/** Throws where the input has other channels than the weights were made for. */
export function checkChannels(label: string, x: Tensor, expected: number, kernel: Shape): void {
  const channels = x.shape.at(-1);
  if (channels === expected) return;
  throw new HeddleError({
    op: label,
    message: `input has ${channels} channels, kernel expects ${expected}; input [${x.shape.join(',')}], kernel [${kernel.join(',')}]`,
    roles: ['input', 'kernel'],
    values: { input: x.shape, kernel },
    fix: `give it ${expected} channels, or make the model with another inputShape`,
  });
}

/** Throws where `groups` does not divide these numbers. */
export function checkGroups(label: string, groups: number, counts: Readonly<Record<string, number>>): void {
  const odd = Object.entries(counts).find(([, count]) => count % groups !== 0);
  if (!odd) return;
  throw new HeddleError({
    op: label,
    message: `groups ${groups} does not divide the ${odd[1]} ${odd[0]}`,
    roles: ['groups', odd[0]],
    values: { groups, ...counts },
    fix: 'use a number of groups that divides channels and filters alike',
  });
}
