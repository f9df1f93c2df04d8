/**
 * Windows that move over images: how far they step, what surrounds the image, and how many places they visit. Convolutions,
 * their transposes and pooling share this arithmetic, and its errors.
 */

import { HeddleError } from '../../core/errors.js';
import { showShape } from '../../core/shape.js';

/** [height, width]. */
export type Pair = readonly [number, number];

/** What surrounds the image: [[top, bottom], [left, right]]. */
export type Pads = readonly [Pair, Pair];

/** What surrounds a sequence: none, as many cells as `'same'` takes, one number for both ends, or [before, after]. */
export type SequencePadding = 'valid' | 'same' | number | Pair;

export interface WindowOptions {
  /** Steps of the window, one number or [height, width]. Default 1. */
  readonly strides?: number | Pair;
  /** Distance of the window's cells, one number or [height, width]. Default 1. */
  readonly dilations?: number | Pair;
  /**
   * Zeros around the image: `'valid'` none; `'same'` as many as make the output ⌈in / stride⌉ long, the odd one at the end; one
   * number for all sides; or [[top, bottom], [left, right]]. Default `'valid'`.
   */
  readonly padding?: 'valid' | 'same' | number | Pads;
}

/** `WindowOptions` with every number known. */
export interface Window {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Pads;
}

const AXES = ['height', 'width'] as const;

/** From the first cell of a dilated kernel to its last. */
export const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** The window that `options` mean for an image of `size` [H, W]. Throws a `HeddleError` for numbers out of range. */
export function resolveWindow(
  op: string,
  size: Pair,
  kernel: Pair,
  options: Omit<WindowOptions, 'padding'> & { readonly padding?: WindowOptions['padding'] | Pair },
): Window {
  const strides = positivePair(op, 'strides', options.strides ?? 1);
  const dilations = positivePair(op, 'dilations', options.dilations ?? 1);
  const same = (axis: 0 | 1): Pair =>
    samePads(Math.ceil(size[axis] / strides[axis]), size[axis], kernel[axis], strides[axis], dilations[axis]);
  const padding: Pads =
    options.padding === 'same' ? [same(0), same(1)] : explicitPads(op, options.padding ?? 'valid');
  return { strides, dilations, padding };
}

/** Zeros before and after `size` cells so that the window stops `count` times; the odd one comes at the end. */
export function samePads(
  count: number,
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
): Pair {
  const total = Math.max(0, (count - 1) * stride + reach(kernel, dilation) - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** `padding` as pairs where it does not depend on the image. */
export function explicitPads(op: string, padding: 'valid' | number | Pads | Pair): Pads {
  const pads: Pads | Pair =
    padding === 'valid'
      ? [
          [0, 0],
          [0, 0],
        ]
      : typeof padding === 'number'
        ? [
            [padding, padding],
            [padding, padding],
          ]
        : padding;
  if (Array.isArray(pads) && pads.length === 2 && pads.every(isEnds)) return pads as Pads;
  throw refusedPadding(op, padding, '[[top, bottom], [left, right]] of such integers');
}

/** `padding` of a sequence, a number as [before, after]. Throws for anything else. */
export function sequencePads(op: string, padding: SequencePadding): 'valid' | 'same' | Pair {
  if (padding === 'valid' || padding === 'same') return padding;
  const ends: unknown = typeof padding === 'number' ? [padding, padding] : padding;
  if (isEnds(ends)) return ends;
  throw refusedPadding(op, padding, '[before, after]');
}

const isEnds = (pair: unknown): pair is Pair =>
  Array.isArray(pair) && pair.length === 2 && pair.every((end) => Number.isInteger(end) && end >= 0);

const refusedPadding = (op: string, padding: unknown, pairs: string): HeddleError =>
  new HeddleError({
    op,
    message: `padding is ${JSON.stringify(padding)}`,
    roles: ['padding'],
    values: { padding },
    fix: `give 'valid', 'same', an integer ≥ 0, or ${pairs}`,
  });

/** How many places the window visits along [height, width]. Throws where it does not fit into the padded image. */
export function outputSize(op: string, size: Pair, kernel: Pair, window: Window): Pair {
  const along = (axis: 0 | 1): number => {
    const { strides, dilations, padding } = window;
    const moves = { stride: strides[axis], dilation: dilations[axis], padding: padding[axis] };
    return placesAlong(op, AXES[axis], size[axis], kernel[axis], moves, {
      values: { input: size, kernel, ...window },
      fix: `input ${showShape(size)}, kernel ${showShape(kernel)} (height, width): use a smaller kernel or more padding`,
    });
  };
  return [along(0), along(1)];
}

/** How a window moves along one axis. */
interface Moves {
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Pair;
}

/** Throws where a kernel of `kernel` cells does not fit into a padded sequence of `length`. */
export function requireLength(op: string, length: number, kernel: number, moves: Moves): void {
  const values = { input: length, kernel, ...moves };
  placesAlong(op, 'length', length, kernel, moves, { values, fix: 'use a smaller kernel or more padding' });
}

function placesAlong(
  op: string,
  axis: string,
  size: number,
  kernel: number,
  { stride, dilation, padding: [before, after] }: Moves,
  report: Pick<HeddleError, 'values' | 'fix'>,
): number {
  const padded = size + before + after;
  const span = reach(kernel, dilation);
  if (span <= padded) return Math.floor((padded - span) / stride) + 1;
  const dilated = dilation > 1 ? ` (${kernel} dilated by ${dilation})` : '';
  throw new HeddleError({
    op,
    message: `the kernel's ${axis} ${span}${dilated} exceeds the padded input's ${padded}`,
    roles: ['input', 'kernel'],
    ...report,
  });
}

/** One number or two as [height, width]; integers ≥ `least`. */
export function positivePair(op: string, role: string, value: number | Pair, least = 1): Pair {
  const pair: readonly number[] =
    typeof value === 'number' ? [value, value] : Array.isArray(value) ? value : [];
  const [height, width] = pair;
  if (pair.length === 2 && height !== undefined && width !== undefined) {
    if (pair.every((one) => Number.isInteger(one) && one >= least)) return [height, width];
  }
  throw new HeddleError({
    op,
    message: `${role} is ${JSON.stringify(value)}`,
    roles: [role],
    values: { [role]: value },
    fix: `give an integer ≥ ${least}, or two of them as [height, width]`,
  });
}
