/** Larger images: each cell repeated, or the plane between the cells. Both are made of ops that are there, gradients included. */

import { HeddleError, rejectUnknownOptions, unknownName } from '../../core/errors.js';
import { showShape } from '../../core/shape.js';
import type { Value } from '../../ir/graph.js';
import { constant } from '../../ir/leaves.js';
import { type Pair, positivePair } from '../convolution/geometry.js';
import { gather } from '../indexing/gather.js';
import { add, mul, sub } from '../pointwise/index.js';
import { broadcastTo, reshape } from '../structural.js';

const INTERPOLATIONS = ['nearest', 'bilinear'] as const;

export interface UpSamplingOptions {
  /** How many times as high and wide, one number or [height, width]. Integers ≥ 1. Default 2. */
  readonly size?: number | Pair;
  /** `'nearest'` repeats cells; `'bilinear'` draws lines between the cells' centres. Default `'nearest'`. */
  readonly interpolation?: (typeof INTERPOLATIONS)[number];
}

/**
 * [N, H, W, C] → [N, H·size, W·size, C]. Nearest: y[p, q] = x[⌊p / size⌋, ⌊q / size⌋]. Bilinear: x at ((p + ½) / size − ½, …), between
 * its four neighbours, cells beyond the edge equal to those at the edge.
 *
 * @throws HeddleError for other ranks, sizes that are no positive integers and unknown interpolations; bilinear: for all but float32.
 */
export function upSampling(x: Value, options: UpSamplingOptions = {}): Value {
  rejectUnknownOptions('upSampling', options, ['size', 'interpolation']);
  const { interpolation = 'nearest' } = options;
  const factors = positivePair('upSampling', 'size', options.size ?? 2);
  if (!INTERPOLATIONS.includes(interpolation)) {
    throw unknownName('upSampling', 'interpolation', interpolation, INTERPOLATIONS);
  }
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  if (x.shape.length !== 4) {
    throw new HeddleError({
      op: 'upSampling',
      message: `x is ${showShape(x.shape)}`,
      roles: ['x'],
      values: { x: x.shape },
      fix: 'give images [batch, height, width, channels]',
    });
  }
  if (interpolation === 'bilinear') return between(between(x, 1, factors[0]), 2, factors[1]);
  const cells = reshape(x, [n, height, 1, width, 1, channels]);
  const repeated = broadcastTo(cells, [n, height, factors[0], width, factors[1], channels]);
  return reshape(repeated, [n, height * factors[0], width * factors[1], channels]);
}

/** Linear interpolation along `axis`: one gather for the cell below, one for the cell above. */
function between(x: Value, axis: number, factor: number): Value {
  if (factor === 1) return x;
  const extent = x.shape[axis] as number;
  const count = extent * factor;
  const place = (p: number): number => Math.min(Math.max((p + 0.5) / factor - 0.5, 0), extent - 1);
  const places = Array.from({ length: count }, (_, p) => place(p));
  const below = Int32Array.from(places, Math.floor);
  const above = below.map((cell) => Math.min(cell + 1, extent - 1));
  const share = Float64Array.from(places, (at, p) => at - (below[p] as number));
  const low = gather(x, constant(below, [count], 'int32'), { axis });
  const high = gather(x, constant(above, [count], 'int32'), { axis });
  const shape = x.shape.map((_, one) => (one === axis ? count : 1)).slice(axis);
  return add(low, mul(sub(high, low), constant(share, shape, 'float32')));
}
