/** `slice` and `pad`: a block out of a tensor, and a tensor as a block in a larger one. Each is the other's gradient. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { showShape, sizeOf, stridesOf } from '../../core/shape.js';
import { applyOne, type TensorType, type Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import { inputArg, type OpDef, outputArg } from '../../ir/op.js';
import type { Launch } from '../../kernels/kernel.js';
import { pad as padKernel } from '../../kernels/pad.js';
import { stridedCopy } from '../../kernels/strided-copy.js';
import { broadcastTo } from '../structural.js';
import { onlyInput } from '../structural-index.js';
import { axisRuns, dot, forEachElement, requirePerAxis, requireWords, wordOf } from './geometry.js';

export interface SliceAttrs {
  readonly begin: readonly number[];
  readonly size: readonly number[];
}

export interface PadAttrs {
  /** [before, after] per axis. */
  readonly paddings: readonly (readonly [number, number])[];
  readonly value: number;
}

/** y[c] = x[c + begin]. */
export const sliceOp: OpDef<SliceAttrs> = {
  name: 'slice',
  infer(inputs, { begin, size }) {
    const x = onlyInput('slice', inputs);
    requireWords('slice', 'x', x);
    requirePerAxis('slice', 'begin', begin, x);
    requirePerAxis('slice', 'size', size, x);
    x.shape.forEach((extent, axis) => {
      const first = begin[axis] as number;
      const count = size[axis] as number;
      const whole = Number.isInteger(first) && Number.isInteger(count);
      if (whole && first >= 0 && count >= 0 && first + count <= extent) return;
      throw new HeddleError({
        op: 'slice',
        message: `axis ${axis} has ${extent} elements, not ${count} from ${first} on; x is ${showShape(x.shape)}`,
        roles: ['x', 'begin', 'size'],
        values: { x: x.shape, begin, size, axis },
        fix: 'keep begin ≥ 0 and begin + size within the extent; size -1 means to the end',
      });
    });
    return [{ shape: size, dtype: x.dtype }];
  },
  vjp({ attrs: { begin, size }, inputs: [x], dys: [dy], needs: [needed] }) {
    if (!x || !dy || !needed || x.dtype !== 'float32') return [null];
    const paddings = x.shape.map((extent, axis): [number, number] => {
      const before = begin[axis] as number;
      return [before, extent - before - (size[axis] as number)];
    });
    return [pad(dy, { paddings })];
  },
  reference([x], [y], { begin }) {
    if (!x || !y) return;
    const strides = stridesOf(x.shape);
    const offset = dot(begin, strides);
    forEachElement(y.shape, (coordinates, index) => {
      y.data[index] = x.data[offset + dot(coordinates, strides)] as number;
    });
  },
  candidates: ({ inputs: [x], attrs }) => (x ? [one('strided_copy', sliceLaunch(x, attrs))] : []),
};

function sliceLaunch(x: TensorType, { begin, size }: SliceAttrs): Launch {
  const runs = axisRuns(x.shape.length, (axis) => begin[axis] === 0 && size[axis] === x.shape[axis]);
  const strides = stridesOf(x.shape);
  const head = runs.at(-1)?.[0] ?? 0;
  // Words below the last sliced axis. Whole quads there, or in the slice itself, move as quads; but not because of the extent of
  // axis 0, which is a batch.
  const inner = strides[head] ?? 1;
  const numbers = [x.shape[head] ?? 1, begin[head] ?? 0, size[head] ?? 1];
  const wide = inner % 4 === 0 || (runs.length > 1 && numbers.every((each) => (each * inner) % 4 === 0));
  return stridedCopy('slice', {
    extents: runs.map((run) => sizeOf(run.map((axis) => size[axis] as number))),
    strides: runs.map((run) => strides[run.at(-1) as number] as number),
    offset: dot(begin, strides),
    wide,
  });
}

/** y[c + before] = x[c], `value` elsewhere. */
export const padOp: OpDef<PadAttrs> = {
  name: 'pad',
  infer(inputs, { paddings }) {
    const x = onlyInput('pad', inputs);
    requireWords('pad', 'x', x);
    requirePerAxis('pad', 'paddings', paddings, x);
    paddings.forEach(([before, after], axis) => {
      if (Number.isInteger(before) && Number.isInteger(after) && before >= 0 && after >= 0) return;
      throw new HeddleError({
        op: 'pad',
        message: `axis ${axis} is padded by [${before},${after}]; x is ${showShape(x.shape)}`,
        roles: ['x', 'paddings'],
        values: { x: x.shape, paddings, axis },
        fix: 'use integers ≥ 0; slice() cuts',
      });
    });
    const shape = x.shape.map((extent, axis) => {
      const [before, after] = paddings[axis] as readonly [number, number];
      return before + extent + after;
    });
    return [{ shape, dtype: x.dtype }];
  },
  vjp({ attrs: { paddings }, inputs: [x], dys: [dy], needs: [needed] }) {
    if (!x || !dy || !needed || x.dtype !== 'float32') return [null];
    return [slice(dy, { begin: paddings.map(([before]) => before), size: x.shape })];
  },
  reference([x], [y], { paddings, value }) {
    if (!x || !y) return;
    const strides = stridesOf(y.shape);
    const offset = dot(
      paddings.map(([before]) => before),
      strides,
    );
    y.data.fill(value);
    forEachElement(x.shape, (coordinates, index) => {
      y.data[offset + dot(coordinates, strides)] = x.data[index] as number;
    });
  },
  candidates: ({ inputs: [x], attrs }) => (x ? [one('pad', padLaunch(x, attrs))] : []),
};

function padLaunch(x: TensorType, { paddings, value }: PadAttrs): Launch {
  const at = (axis: number): readonly [number, number] => paddings[axis] as readonly [number, number];
  const runs = axisRuns(x.shape.length, (axis) => at(axis)[0] === 0 && at(axis)[1] === 0);
  const strides = stridesOf(x.shape);
  const axes = runs.map((run) => {
    const head = run[0] as number;
    // Words of x below the padded axis, as far as the run goes.
    const inner = (strides[head] as number) / (strides[run.at(-1) as number] as number);
    const [before, after] = at(head);
    return { source: (x.shape[head] as number) * inner, before: before * inner, after: after * inner, inner };
  });
  const last = axes.at(-1) ?? { source: 1, before: 0, after: 0, inner: 1 };
  const numbers = [last.source, last.before, last.after];
  const wide = last.inner % 4 === 0 || (axes.length > 1 && numbers.every((each) => each % 4 === 0));
  return padKernel('pad', axes.length > 0 ? axes : [last], wordOf(value, x.dtype), wide);
}

const one = (key: string, launch: Launch) => ({
  key,
  lower: () => ({ scratch: [], dispatches: [{ launch, args: [inputArg(0), outputArg(0)] }] }),
});

export interface SliceOptions {
  /** First element along each axis. Default: 0 everywhere. */
  readonly begin?: readonly number[];
  /** Elements along each axis; -1 means to the end. Default: -1 everywhere. */
  readonly size?: readonly number[];
}

/**
 * The block of `x` that starts at `begin` and has shape `size`. Throws a `HeddleError` where it reaches outside `x`, and for
 * uint8 data.
 */
export function slice(x: Value, options: SliceOptions = {}): Value {
  rejectUnknownOptions('slice', options, ['begin', 'size']);
  const begin = options.begin ?? x.shape.map(() => 0);
  const wanted = options.size ?? x.shape.map(() => -1);
  requirePerAxis('slice', 'begin', begin, x);
  requirePerAxis('slice', 'size', wanted, x);
  const size = wanted.map((count, axis) =>
    count === -1 ? (x.shape[axis] as number) - (begin[axis] as number) : count,
  );
  const whole = size.every((count, axis) => count === x.shape[axis] && begin[axis] === 0);
  return whole ? x : applyOne(sliceOp, [x], { begin: [...begin], size });
}

export interface PadOptions {
  /** [before, after] for each axis, integers ≥ 0. */
  readonly paddings: readonly (readonly [number, number])[];
  /** What surrounds `x`. Default 0. */
  readonly value?: number;
}

/**
 * `x` surrounded by `value`. Throws a `HeddleError` for paddings that are negative or not one pair per axis, and for uint8
 * data.
 */
export function pad(x: Value, options: PadOptions): Value {
  rejectUnknownOptions('pad', options, ['paddings', 'value']);
  const { paddings, value = 0 } = options;
  requirePerAxis('pad', 'paddings', paddings, x);
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const attrs = { paddings: paddings.map(([before, after]): [number, number] => [before, after]), value };
  if (sizeOf(x.shape) > 0) return applyOne(padOp, [x], attrs);
  const [type = x] = padOp.infer([x], attrs);
  return broadcastTo(scalar(value, x.dtype), type.shape);
}
