/** Images seen through affine maps: what flips, shifts, turns and crops of single examples are made of. */

import { HeddleError, rejectUnknownOptions, unknownName } from '../../core/errors.js';
import { type Shape, showShape } from '../../core/shape.js';
import { applyOne, type HostTensor, type Value } from '../../ir/graph.js';
import { constant } from '../../ir/leaves.js';
import { inputArg, type OpDef, outputArg } from '../../ir/op.js';
import { affineSample as affineSampleKernel } from '../../kernels/affine-sample.js';
import { type Pair, positivePair } from '../convolution/geometry.js';
import { gather } from '../indexing/gather.js';
import { slice } from '../movement/slice.js';
import {
  add,
  cast,
  floor,
  greater,
  less,
  logicalAnd,
  maximum,
  minimum,
  mul,
  select,
  sub,
} from '../pointwise/index.js';
import { reshape } from '../structural.js';

/** What lies outside an image: its mirror image, its own edge, itself again, or one value. */
export type FillMode = 'reflect' | 'nearest' | 'wrap' | 'constant';

const FILL_MODES: readonly FillMode[] = ['reflect', 'nearest', 'wrap', 'constant'];
const INTERPOLATIONS = ['bilinear', 'nearest'] as const;

export interface AffineSampleAttrs {
  /** [P, Q] of the result. */
  readonly size: Pair;
  readonly fillMode: FillMode;
  readonly fillValue: number;
  readonly interpolation: (typeof INTERPOLATIONS)[number];
}

/**
 * y[n,p,q,c] = x[n, u, v, c] with (u, v) = (m₀p + m₁q + m₂, m₃p + m₄q + m₅), m = transforms[n]; between cells by bilinear interpolation, or
 * the cell nearest to ⌊u + ½⌋, ⌊v + ½⌋.
 */
export const affineSampleOp: OpDef<AffineSampleAttrs> = {
  name: 'affineSample',
  infer([x, transforms], { size }) {
    const [n = 0, height = 0, width = 0, channels = 0] = x?.shape ?? [];
    const images = x?.dtype === 'float32' && x.shape.length === 4 && height > 0 && width > 0;
    const maps = transforms?.dtype === 'float32' && transforms.shape.join() === `${n},6`;
    if (images && maps) return [{ shape: [n, ...size, channels], dtype: 'float32' }];
    throw new HeddleError({
      op: 'affineSample',
      message: `x is ${x?.dtype} ${showShape(x?.shape ?? [])}, transforms ${transforms?.dtype} ${showShape(transforms?.shape ?? [])}`,
      roles: ['x', 'transforms'],
      values: { x: x?.shape, transforms: transforms?.shape },
      fix: 'give float32 images [batch, height, width, channels] and six numbers for each: [batch, 6]',
    });
  },
  decompose([x, transforms], attrs) {
    return x && transforms ? [composed(x, transforms, attrs)] : [];
  },
  reference([x, transforms], [y], attrs) {
    if (!x || !transforms || !y) return;
    forEachSample(x, transforms, y.shape, attrs, (at, corners) => {
      y.data[at] = corners.reduce((sum, { weight, value }) => sum + weight * value, 0);
    });
  },
  // A place off by a rounding of its terms moves the result by as much times the difference of neighbours.
  magnitude([x, transforms], [y], attrs) {
    if (!x || !transforms || !y) return;
    forEachSample(x, transforms, y.shape, attrs, (at, corners, reach) => {
      y.data[at] = Math.max(...corners.map(({ value }) => Math.abs(value))) * (1 + 2 * reach);
    });
  },
  terms: () => 6,
  candidates({ inputs: [x], outputs: [y], attrs }) {
    if (!x || !y) return [];
    const launch = affineSampleKernel('affineSample', x.shape, y.shape, attrs);
    const args = [inputArg(0), inputArg(1), outputArg(0)];
    return [{ key: 'affine_sample', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  },
};

/** The cell that stands for cell `i` of `extent`; -1 where the fill value does. */
function cellOf(i: number, extent: number, mode: FillMode): number {
  if (mode === 'nearest') return Math.min(Math.max(i, 0), extent - 1);
  if (mode === 'constant') return i < 0 || i >= extent ? -1 : i;
  const period = mode === 'wrap' ? extent : 2 * extent;
  const within = ((i % period) + period) % period;
  return Math.min(within, mode === 'wrap' ? within : period - 1 - within);
}

interface Corner {
  readonly weight: number;
  readonly value: number;
}

/** Calls `visit` for every element of the result with the cells that it is made of, and Σ|terms| of its place. */
function forEachSample(
  x: HostTensor,
  transforms: HostTensor,
  [n = 0, rows = 0, columns = 0, channels = 0]: Shape,
  { fillMode, fillValue, interpolation }: AffineSampleAttrs,
  visit: (at: number, corners: readonly Corner[], reach: number) => void,
): void {
  const [, height = 0, width = 0] = x.shape;
  let at = 0;
  for (let b = 0; b < n; b++) {
    const m = (i: number): number => transforms.data[b * 6 + i] as number;
    for (let p = 0; p < rows; p++) {
      for (let q = 0; q < columns; q++) {
        const below = [m(0) * p, m(1) * q, m(2)];
        const across = [m(3) * p, m(4) * q, m(5)];
        const reach = [...below, ...across].reduce((sum, term) => sum + Math.abs(term), 0);
        const vertical = neighbours(total(below), interpolation);
        const horizontal = neighbours(total(across), interpolation);
        for (let c = 0; c < channels; c++) {
          const corners = vertical.flatMap(([i, up]) =>
            horizontal.map(([j, along]): Corner => {
              const h = cellOf(i, height, fillMode);
              const w = cellOf(j, width, fillMode);
              const cell = ((b * height + h) * width + w) * channels + c;
              const value = h < 0 || w < 0 ? fillValue : (x.data[cell] as number);
              return { weight: up * along, value };
            }),
          );
          visit(at++, corners, reach);
        }
      }
    }
  }
}

const total = (terms: readonly number[]): number => terms.reduce((sum, term) => sum + term, 0);

/** Cells around `place`, each with its share. */
function neighbours(place: number, interpolation: AffineSampleAttrs['interpolation']): [number, number][] {
  if (interpolation === 'nearest') return [[Math.floor(place + 0.5), 1]];
  const low = Math.floor(place);
  return [
    [low, 1 - (place - low)],
    [low + 1, place - low],
  ];
}

/** The same in base ops: four gathers of rows of channels. Its gradient is the op's. */
function composed(x: Value, transforms: Value, attrs: AffineSampleAttrs): Value {
  const { size, fillMode, fillValue, interpolation } = attrs;
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  const [rows, columns] = size;
  const p = counting(rows, [1, rows, 1]);
  const q = counting(columns, [1, 1, columns]);
  const m = (i: number): Value => reshape(slice(transforms, { begin: [0, i], size: [n, 1] }), [n, 1, 1]);
  const place = (i: number): Value => add(add(mul(m(i), p), mul(m(i + 1), q)), m(i + 2));
  const offsets = Int32Array.from({ length: n }, (_, b) => b * height * width);
  const first = constant(offsets, [n, 1, 1], 'int32');
  const table = reshape(x, [n * height * width, channels]);

  /** Cells [n, P, Q] by their numbers, which may lie outside. */
  const cellsAt = (i: Value, j: Value): Value => {
    const h = folded(i, height, fillMode);
    const w = folded(j, width, fillMode);
    const index = add(first, add(mul(whole(h), width), whole(w)));
    const cells = gather(table, index, { axis: 0 });
    if (fillMode !== 'constant') return cells;
    const inside = logicalAnd(within(i, height), within(j, width));
    return select(reshape(inside, [n, rows, columns, 1]), cells, fillValue);
  };
  const u = place(0);
  const v = place(3);
  if (interpolation === 'nearest') return cellsAt(floor(add(u, 0.5)), floor(add(v, 0.5)));
  const [top, left] = [floor(u), floor(v)];
  const share = (exact: Value, low: Value): Value => reshape(sub(exact, low), [n, rows, columns, 1]);
  const between = (low: Value, high: Value, along: Value): Value => add(low, mul(sub(high, low), along));
  const [up, along] = [share(u, top), share(v, left)];
  const line = (i: Value): Value => between(cellsAt(i, left), cellsAt(i, add(left, 1)), along);
  return between(line(top), line(add(top, 1)), up);
}

/** Whole numbers in a float tensor as int32, and whether they lie in 0 … extent − 1: half a cell away from where either changes. */
const whole = (i: Value): Value => cast(add(i, 0.5), 'int32');
const within = (i: Value, extent: number): Value => logicalAnd(greater(i, -0.5), less(i, extent - 0.5));

const counting = (count: number, shape: Shape): Value =>
  constant(
    Float64Array.from({ length: count }, (_, i) => i),
    shape,
    'float32',
  );

/** `cellOf` for whole numbers in a float tensor; outside of a constant surrounding the nearest cell. */
function folded(i: Value, extent: number, mode: FillMode): Value {
  if (mode === 'nearest' || mode === 'constant') return minimum(maximum(i, 0), extent - 1);
  const period = mode === 'wrap' ? extent : 2 * extent;
  // Half a cell away from where the quotient jumps, its rounding cannot matter.
  const turned = sub(i, mul(floor(mul(add(i, 0.5), 1 / period)), period));
  return mode === 'wrap' ? turned : minimum(turned, sub(period - 1, turned));
}

export interface AffineSampleOptions {
  /** [height, width] of the result. Default: x's. */
  readonly size?: number | Pair;
  /** What lies outside the image: `'reflect'` (d c b a | a b c d | d c b a), `'nearest'`, `'wrap'` or `'constant'`. Default `'constant'`. */
  readonly fillMode?: FillMode;
  /** What a constant surrounding holds. Default 0. */
  readonly fillValue?: number;
  /** Default `'bilinear'`. */
  readonly interpolation?: (typeof INTERPOLATIONS)[number];
}

/**
 * Each image of `x` [N, H, W, C] seen through a map of its own: y[n, p, q] = x[n, u, v] with u = m₀p + m₁q + m₂ and v = m₃p + m₄q + m₅,
 * m = `transforms`[n], [N, 6]; cells counted from 0, places between them interpolated. float32. Gradients go to images and maps.
 *
 * @throws HeddleError for other shapes and dtypes, an empty image, sizes that are no positive integers, and unknown names.
 */
export function affineSample(x: Value, transforms: Value, options: AffineSampleOptions = {}): Value {
  rejectUnknownOptions('affineSample', options, ['size', 'fillMode', 'fillValue', 'interpolation']);
  const { fillMode = 'constant', fillValue = 0, interpolation = 'bilinear' } = options;
  if (!FILL_MODES.includes(fillMode)) throw unknownName('affineSample', 'fillMode', fillMode, FILL_MODES);
  if (!INTERPOLATIONS.includes(interpolation)) {
    throw unknownName('affineSample', 'interpolation', interpolation, INTERPOLATIONS);
  }
  const [, height = 1, width = 1] = x.shape;
  const size = positivePair('affineSample', 'size', options.size ?? [height, width]);
  return applyOne(affineSampleOp, [x, transforms], { size, fillMode, fillValue, interpolation });
}
