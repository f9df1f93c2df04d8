/** Softmax and log-softmax along an axis: fused, with gradients made of elementwise ops and a sum. */

import { WGSL_TYPE } from '../core/dtype.js';
import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { normalizeAxis, type Shape, showShape, sizeOf } from '../core/shape.js';
import { applyOne, type HostTensor, type TensorType, type Value } from '../ir/graph.js';
import { type Candidate, inputArg, type LowerRequest, type OpDef, outputArg } from '../ir/op.js';
import { requireIndexable } from '../kernels/attachment.js';
import type { Launch } from '../kernels/kernel.js';
import { type SoftmaxUse, softmaxSerial, softmaxTree } from '../kernels/softmax.js';
import { emitEpilogue } from './pointwise/emit.js';
import { div, exp, log, mul, stopGradient, sub } from './pointwise/index.js';
import { max } from './reduce.js';
import { sum } from './structural.js';
import { onlyInput } from './structural-index.js';

export interface SoftmaxAttrs {
  readonly axis: number;
}

export interface SoftmaxOptions {
  /** Default -1: the last axis. */
  readonly axis?: number;
}

/** y = exp(x − max x) / Σ exp(x − max x). */
export const softmaxOp: OpDef<SoftmaxAttrs> = {
  name: 'softmax',
  infer: (inputs) => inferSoftmax('softmax', inputs),
  vjp({ attrs: { axis }, outputs: [y], dys: [dy], needs: [needed] }) {
    if (!y || !dy || !needed) return [null];
    return [mul(y, sub(dy, sum(mul(dy, y), { axis, keepDims: true })))];
  },
  decompose([x], { axis }) {
    if (!x) return [];
    const powers = exp(sub(x, stopGradient(max(x, { axis, keepDims: true }))));
    return [div(powers, sum(powers, { axis, keepDims: true }))];
  },
  reference([x], [y], { axis }) {
    if (!x || !y) return;
    forEachRow(x, axis, (places, largest, total) => {
      for (const at of places) y.data[at] = Math.exp((x.data[at] as number) - largest) / total;
    });
  },
  // The relative error of exp(d) grows with |d| [WGSL].
  magnitude([x], [y], { axis }) {
    if (!x || !y) return;
    forEachRow(x, axis, (places, largest, total) => {
      for (const at of places) {
        const distance = (x.data[at] as number) - largest;
        y.data[at] = (Math.exp(distance) / total) * (1 - distance);
      }
    });
  },
  terms: ([x], { axis }) => x?.shape[axis] ?? 1,
  fusion: { epilogue: 0 },
  candidates: (request) => softmaxCandidates(false, request),
};

/** y = x − max x − log Σ exp(x − max x). */
export const logSoftmaxOp: OpDef<SoftmaxAttrs> = {
  name: 'logSoftmax',
  infer: (inputs) => inferSoftmax('logSoftmax', inputs),
  vjp({ attrs: { axis }, outputs: [y], dys: [dy], needs: [needed] }) {
    if (!y || !dy || !needed) return [null];
    return [sub(dy, mul(exp(y), sum(dy, { axis, keepDims: true })))];
  },
  decompose([x], { axis }) {
    if (!x) return [];
    const distances = sub(x, stopGradient(max(x, { axis, keepDims: true })));
    return [sub(distances, log(sum(exp(distances), { axis, keepDims: true })))];
  },
  reference([x], [y], { axis }) {
    if (!x || !y) return;
    forEachRow(x, axis, (places, largest, total) => {
      for (const at of places) y.data[at] = (x.data[at] as number) - largest - Math.log(total);
    });
  },
  // 1 for the logarithm, whose error near 1 is absolute [WGSL].
  magnitude([x], [y], { axis }) {
    if (!x || !y) return;
    forEachRow(x, axis, (places, largest, total) => {
      for (const at of places) y.data[at] = largest - (x.data[at] as number) + Math.log(total) + 1;
    });
  },
  terms: ([x], { axis }) => x?.shape[axis] ?? 1,
  fusion: { epilogue: 0 },
  candidates: (request) => softmaxCandidates(true, request),
};

/**
 * exp(x) scaled to sum 1 along `axis` (default: the last). Stable for any finite x. float32 only; throws a `HeddleError`
 * for other dtypes and for an axis outside the rank.
 */
export const softmax = (x: Value, options: SoftmaxOptions = {}): Value =>
  along('softmax', softmaxOp, x, options);

/** The logarithm of `softmax(x, options)`, without its underflow. */
export const logSoftmax = (x: Value, options: SoftmaxOptions = {}): Value =>
  along('logSoftmax', logSoftmaxOp, x, options);

function along(name: string, op: OpDef<SoftmaxAttrs>, x: Value, options: SoftmaxOptions): Value {
  rejectUnknownOptions(name, options, ['axis']);
  return applyOne(op, [x], { axis: normalizeAxis(name, options.axis ?? -1, x.shape.length) });
}

function inferSoftmax(op: string, inputs: readonly TensorType[]): readonly TensorType[] {
  const { shape, dtype } = onlyInput(op, inputs);
  if (dtype === 'float32') return [{ shape, dtype }];
  throw new HeddleError({
    op,
    message: `takes float32, got ${dtype} ${showShape(shape)}`,
    roles: ['x'],
    values: { dtype, shape },
    fix: "cast(x, 'float32') first",
  });
}

/** Calls `visit` for each row of `x` along `axis` with the indices of its elements, their maximum and Σ exp(x − maximum). */
export function forEachRow(
  { shape, data }: HostTensor,
  axis: number,
  visit: (places: readonly number[], largest: number, total: number) => void,
): void {
  const extent = shape[axis] ?? 1;
  const inner = sizeOf(shape.slice(axis + 1));
  for (let row = 0; row < sizeOf(shape) / extent; row++) {
    const start = Math.floor(row / inner) * extent * inner + (row % inner); // x[outer, 0, inner]
    const places = Array.from({ length: extent }, (_, r) => start + r * inner);
    const values = places.map((at) => data[at] as number);
    const largest = values.reduce((a, b) => Math.max(a, b));
    visit(
      places,
      largest,
      values.reduce((total, value) => total + Math.exp(value - largest), 0),
    );
  }
}

function softmaxCandidates(log: boolean, request: LowerRequest<SoftmaxAttrs>): readonly Candidate[] {
  const [x] = request.inputs;
  const [y] = request.outputs;
  if (!x || !y) throw new RangeError('softmax lowers with one input and one output');
  requireIndexable('softmax', x.shape);
  const epilogue = request.epilogue && emitEpilogue(request.epilogue, { shape: y.shape, dtype: 'float32' });
  const { axis } = request.attrs;
  const use: SoftmaxUse = { log, shape: x.shape, axis, result: WGSL_TYPE[y.dtype], epilogue };
  const args = [inputArg(0), outputArg(0), ...(epilogue?.args ?? [])];
  const candidate = (key: string, launch: () => Launch): Candidate => ({
    key,
    lower: () => ({ scratch: [], dispatches: [{ launch: launch(), args }] }),
  });
  const serial = candidate('softmax_serial', () => softmaxSerial(use));
  const trees = [64, 256].map((width) => candidate(`softmax_tree_${width}`, () => softmaxTree(use, width)));
  return serialFirst(x.shape, axis, request.capabilities.software) ? [serial, ...trees] : [...trees, serial];
}

/** Rows from this length on are worth a workgroup of their own on a GPU, where their elements lie side by side. */
const LONG_ROW = 64;

const serialFirst = (shape: Shape, axis: number, software: boolean): boolean =>
  software || axis !== shape.length - 1 || (shape[axis] ?? 1) < LONG_ROW;
