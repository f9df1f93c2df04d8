/** Max and average pooling of images and sequences. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer, type LayerFactory } from '../layer.js';
import type { FreeShape } from '../shapes.js';
import { checkedEnds, checkedPair, checkedSides, imageShape, type Pair, type Sides } from '../windows.js';
import { floatDtype } from './common-dtype.js';

export interface Pooling2dOptions {
  /** Cells of the window, one number or [height, width]. Default 2. */
  readonly poolSize?: number | Pair;
  /** Steps of the window. Default: `poolSize`. */
  readonly strides?: number | Pair;
  /**
   * `'valid'`: only whole windows; `'same'`: ⌈in / stride⌉ windows, the odd cell at the end; or cells around the image, one number or
   * [[top, bottom], [left, right]]. Those cells never count. Default `'valid'`.
   */
  readonly padding?: 'valid' | 'same' | number | Sides;
}

export interface Pooling1dOptions {
  /** Steps of a sequence that the window covers. Default 2. */
  readonly poolSize?: number;
  /** Default: `poolSize`. */
  readonly strides?: number;
  /** `'valid'`, `'same'`, or steps around the sequence that never count, one number or [before, after]. Default `'valid'`. */
  readonly padding?: 'valid' | 'same' | number | Pair;
}

type Pool = typeof ops.maxPool;

const OPTIONS = ['poolSize', 'strides', 'padding'] as const;

function pooling2d(type: string, pool: Pool): LayerFactory<Pooling2dOptions> {
  return defineLayer<Pooling2dOptions>({
    type,
    options: OPTIONS,
    create({ poolSize = 2, strides = poolSize, padding = 'valid' }, label) {
      const window = checkedPair(label, 'poolSize', poolSize);
      const steps = checkedPair(label, 'strides', strides);
      const sides = checkedPadding(label, padding, window);
      const options = { poolSize: window, strides: steps, padding: sides };
      return {
        outputShape(inputs) {
          const [batch = null, height = null, width = null, channels = null] = imageShape(label, inputs);
          const along = (extent: number | null, axis: 0 | 1): number | null =>
            pooledExtent(
              label,
              extent,
              window[axis],
              steps[axis],
              typeof sides === 'string' ? sides : sides[axis],
            );
          return [batch, along(height, 0), along(width, 1), channels];
        },
        outputDtype: (dtypes) => floatDtype(label, dtypes),
        call: ([x]) => pool(x as Tensor, options),
      };
    },
  });
}

function pooling1d(type: string, pool: Pool): LayerFactory<Pooling1dOptions> {
  return defineLayer<Pooling1dOptions>({
    type,
    options: OPTIONS,
    create({ poolSize = 2, strides = poolSize, padding = 'valid' }, label) {
      const window = checkedCount(label, 'poolSize', poolSize);
      const step = checkedCount(label, 'strides', strides);
      const ends = checkedEnds(label, padding);
      if (typeof ends !== 'string' && Math.max(...ends) >= window) throw tooBroad(label, padding, [window]);
      return {
        outputShape(inputs): FreeShape {
          const [batch = null, length = null, channels = null] = imageShape(label, inputs, 3);
          return [batch, pooledExtent(label, length, window, step, ends), channels];
        },
        outputDtype: (dtypes) => floatDtype(label, dtypes),
        call: ([x]) => pool(x as Tensor, { poolSize: window, strides: step, padding: ends }),
      };
    },
  });
}

type Padding = 'valid' | 'same' | Sides;

function checkedPadding(label: string, padding: unknown, window: Pair): Padding {
  if (padding === 'valid' || padding === 'same') return padding;
  if (typeof padding !== 'string') {
    const sides = checkedSides(label, 'padding', padding);
    if (sides.every((pair, axis) => Math.max(...pair) < (window[axis] as number))) return sides;
  }
  throw tooBroad(label, padding, window);
}

const tooBroad = (label: string, padding: unknown, window: readonly number[]): HeddleError =>
  new HeddleError({
    op: label,
    message: `padding is ${JSON.stringify(padding)}, the window [${window.join(',')}]`,
    roles: ['padding'],
    values: { padding, poolSize: window },
    fix: "use 'valid', 'same', or numbers smaller than the window",
  });

/** How many windows fit along an axis. Throws where not even one does. */
function pooledExtent(
  label: string,
  extent: number | null,
  window: number,
  step: number,
  padding: 'valid' | 'same' | Pair,
): number | null {
  if (extent === null) return null;
  if (padding === 'same') return Math.ceil(extent / step);
  const padded = extent + (padding === 'valid' ? 0 : padding[0] + padding[1]);
  if (window <= padded) return Math.floor((padded - window) / step) + 1;
  throw new HeddleError({
    op: label,
    message: `a window of ${window} cells exceeds the padded input's ${padded}`,
    roles: ['poolSize', 'input'],
    values: { poolSize: window, input: padded },
    fix: 'use a smaller poolSize, fewer poolings before it, or more padding',
  });
}

/** The largest cell of each window: [batch, H, W, C] → [batch, P, Q, C]. The gradient goes to the first of equal cells. */
export const maxPooling2d = pooling2d('maxPooling2d', ops.maxPool);

/** The mean of each window's cells within the image: [batch, H, W, C] → [batch, P, Q, C]. */
export const averagePooling2d = pooling2d('averagePooling2d', ops.averagePool);

/** The largest step of each window: [batch, L, C] → [batch, P, C]. The gradient goes to the first of equal steps. */
export const maxPooling1d = pooling1d('maxPooling1d', ops.maxPool);

/** The mean of each window's steps within the sequence: [batch, L, C] → [batch, P, C]. */
export const averagePooling1d = pooling1d('averagePooling1d', ops.averagePool);
