/** What max and average pooling share: options, shapes, errors, and the walk over windows that their definitions are written with. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { type Shape, showShape } from '../../core/shape.js';
import type { HostTensor, TensorType, Value } from '../../ir/graph.js';
import {
  outputSize,
  type Pads,
  type Pair,
  positivePair,
  requireLength,
  resolveWindow,
  type SequencePadding,
  sequencePads,
} from '../convolution/geometry.js';
import { reshape } from '../structural.js';

/** Every number known; padding is never counted as a cell. */
export interface PoolAttrs {
  /** Cells of the window: [height, width]. */
  readonly window: Pair;
  readonly strides: Pair;
  readonly padding: Pads;
}

/** Of ops that go from the pooled image back: the image's own extents, which the pooled ones leave open. */
export interface UnpoolAttrs extends PoolAttrs {
  readonly size: Pair;
}

export interface PoolOptions {
  /** Cells of the window, one number or [height, width]; for images of one dimension one number. Integers ≥ 1. */
  readonly poolSize: number | Pair;
  /** Steps of the window. Default: `poolSize`, so that windows lie side by side. */
  readonly strides?: number | Pair;
  /**
   * `'valid'`: only whole windows; `'same'`: as many windows as make the output ⌈in / stride⌉ long, the odd cell at the end; or
   * cells around the image, one number or [[top, bottom], [left, right]], for sequences [before, after]. Those cells never count.
   * Default `'valid'`.
   */
  readonly padding?: 'valid' | 'same' | number | Pads | Pair;
}

/**
 * Runs `pool` on images [N, H, W, C]. Sequences [N, L, C] are images of width 1 (views), with windows and padding along the length.
 */
export function onImages(
  op: string,
  x: Value,
  options: PoolOptions,
  pool: (image: Value, attrs: PoolAttrs) => Value,
): Value {
  rejectUnknownOptions(op, options, ['poolSize', 'strides', 'padding']);
  const [n = 0, first = 0, second = 0, third = 0] = x.shape;
  if (x.shape.length === 3) {
    const image = reshape(x, [n, first, 1, second]);
    const attrs = resolved(op, [first, 1], alongLength(op, options));
    const moves = { stride: attrs.strides[0], dilation: 1, padding: attrs.padding[0] };
    requireLength(op, first, attrs.window[0], moves);
    const y = pool(image, attrs);
    return reshape(y, [n, y.shape[1] as number, second]);
  }
  if (x.shape.length === 4 && third > 0) return pool(x, resolved(op, [first, second], options));
  throw new HeddleError({
    op,
    message: `x is ${showShape(x.shape)}`,
    roles: ['x'],
    values: { x: x.shape },
    fix: 'give images [batch, height, width, channels] or sequences [batch, length, channels], with at least one channel',
  });
}

/** The options of a sequence as those of an image of width 1. */
function alongLength(op: string, options: PoolOptions): PoolOptions {
  const { poolSize, strides = poolSize } = options;
  const pair = (value: number | Pair): number | Pair => (typeof value === 'number' ? [value, 1] : value);
  const ends = sequencePads(op, (options.padding ?? 'valid') as SequencePadding);
  const padding: PoolOptions['padding'] = typeof ends === 'string' ? ends : [ends, [0, 0]];
  return { poolSize: pair(poolSize), strides: pair(strides), padding };
}

function resolved(op: string, size: Pair, options: PoolOptions): PoolAttrs {
  const window = positivePair(op, 'poolSize', options.poolSize);
  const { strides, padding } = resolveWindow(op, size, window, {
    strides: options.strides ?? window,
    padding: options.padding ?? 'valid',
  });
  padding.forEach(([before, after], axis) => {
    if (Math.max(before, after) < (window[axis] as number)) return;
    throw new HeddleError({
      op,
      message: `padding [${before},${after}] is not smaller than the window's ${window[axis]}: a window would hold no cell`,
      roles: ['padding', 'poolSize'],
      values: { padding, poolSize: window },
      fix: 'pad by less than the window on every side',
    });
  });
  return { window, strides, padding };
}

/** The shape of the pooled image. Throws for anything but float32 [N, H, W, C], and for a window larger than the padded image. */
export function pooledShape(op: string, x: TensorType, { window, strides, padding }: PoolAttrs): Shape {
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  if (x.dtype !== 'float32' || x.shape.length !== 4) {
    throw new HeddleError({
      op,
      message: `x is ${x.dtype} ${showShape(x.shape)}`,
      roles: ['x'],
      values: { x: x.shape, dtype: x.dtype },
      fix: "give float32 images [batch, height, width, channels]; cast(x, 'float32') where they are integers",
    });
  }
  const [rows, columns] = outputSize(op, [height, width], window, { strides, padding, dilations: [1, 1] });
  return [n, rows, columns, channels];
}

/**
 * The shape of the image whose pooled one is `dy`; throws where `attrs` do not lead from the one to the other.
 */
export function unpooledShape(op: string, dy: TensorType, attrs: UnpoolAttrs): Shape {
  const [n = 0, , , channels = 0] = dy.shape;
  const shape = [n, ...attrs.size, channels];
  const pooled = pooledShape(op, { shape, dtype: dy.dtype }, attrs);
  if (dy.shape.length === 4 && pooled.every((extent, axis) => extent === dy.shape[axis])) return shape;
  throw new HeddleError({
    op,
    message: `an image ${showShape(shape)} is pooled to ${showShape(pooled)}, dy is ${showShape(dy.shape)}`,
    roles: ['dy'],
    values: { dy: dy.shape, pooled },
    fix: 'pass a dy of the shape of the pooled image',
  });
}

/** A cell of a window: where it lies in the image's data, and which of the window's cells it is. */
export type Visit = (cell: number, place: number) => void;

/**
 * Calls `visit` for every cell within the image of every window of every channel, in the order of the window's cells, with the index
 * of the pooled element.
 */
export function forEachWindow(
  image: Shape,
  pooled: Shape,
  { window, strides, padding }: PoolAttrs,
  visit: (output: number, cells: (each: Visit) => void) => void,
): void {
  const [n = 0, height = 0, width = 0, channels = 0] = image;
  const [, rows = 0, columns = 0] = pooled;
  let output = 0;
  for (let b = 0; b < n; b++) {
    for (let p = 0; p < rows; p++) {
      for (let q = 0; q < columns; q++) {
        for (let c = 0; c < channels; c++) {
          visit(output++, (each) => {
            for (let r = 0; r < window[0]; r++) {
              for (let s = 0; s < window[1]; s++) {
                const h = p * strides[0] + r - padding[0][0];
                const w = q * strides[1] + s - padding[1][0];
                if (h < 0 || h >= height || w < 0 || w >= width) continue;
                each(((b * height + h) * width + w) * channels + c, r * window[1] + s);
              }
            }
          });
        }
      }
    }
  }
}

/** Where the winning cell of each window lies in the image's data. */
export function winningCells(winners: HostTensor, image: Shape, attrs: PoolAttrs): Uint32Array {
  const cells = new Uint32Array(winners.data.length);
  forEachWindow(image, winners.shape, attrs, (output, walk) => {
    walk((cell, place) => {
      if (place === winners.data[output]) cells[output] = cell;
    });
  });
  return cells;
}
