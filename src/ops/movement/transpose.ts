/** `transpose`: axes in another order. */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { normalizeAxis, type Shape, showShape, sizeOf, stridesOf } from '../../core/shape.js';
import { applyOne, type Value } from '../../ir/graph.js';
import { type Candidate, inputArg, type LowerRequest, type OpDef, outputArg } from '../../ir/op.js';
import type { Launch } from '../../kernels/kernel.js';
import { stridedCopy } from '../../kernels/strided-copy.js';
import { transposeTiled } from '../../kernels/transpose.js';
import { onlyInput } from '../structural-index.js';
import { dot, forEachElement, requireWords } from './geometry.js';

export interface TransposeAttrs {
  /** Axis of x that becomes each axis of the result. */
  readonly perm: readonly number[];
}

/** y[c_perm[0], c_perm[1], …] = x[c_0, c_1, …]. */
export const transposeOp: OpDef<TransposeAttrs> = {
  name: 'transpose',
  infer(inputs, { perm }) {
    const x = onlyInput('transpose', inputs);
    requireWords('transpose', 'x', x);
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== x.shape.length || sorted.some((axis, at) => axis !== at)) {
      throw new HeddleError({
        op: 'transpose',
        message: `perm [${perm.join(',')}] is not an order of the ${x.shape.length} axes of x ${showShape(x.shape)}`,
        roles: ['x', 'perm'],
        values: { x: x.shape, perm },
        fix: 'name every axis of x exactly once',
      });
    }
    return [{ shape: perm.map((axis) => x.shape[axis] as number), dtype: x.dtype }];
  },
  vjp({ attrs: { perm }, inputs: [x], dys: [dy], needs: [needed] }) {
    if (!x || !dy || !needed || x.dtype !== 'float32') return [null];
    return [transpose(dy, { perm: perm.map((_, axis) => perm.indexOf(axis)) })];
  },
  reference([x], [y], { perm }) {
    if (!x || !y) return;
    const strides = stridesOf(x.shape);
    const permuted = perm.map((axis) => strides[axis] as number);
    forEachElement(y.shape, (coordinates, index) => {
      y.data[index] = x.data[dot(coordinates, permuted)] as number;
    });
  },
  candidates: transposeCandidates,
};

function transposeCandidates({
  inputs: [x],
  attrs,
  capabilities,
}: LowerRequest<TransposeAttrs>): Candidate[] {
  if (!x) return [];
  const { shape, perm } = mergedAxes(x.shape, attrs.perm);
  const rank = shape.length;
  const strides = stridesOf(shape);
  const copied = stridedCopy('transpose', {
    extents: perm.map((axis) => shape[axis] as number),
    strides: perm.map((axis) => strides[axis] as number),
    offset: 0,
    wide: rank > 1 && perm[rank - 1] === rank - 1 && (shape[rank - 1] as number) % 4 === 0,
  });
  const swap = (rank === 2 || (rank === 3 && perm[0] === 0)) && perm[rank - 1] === rank - 2;
  const [cols = 1, rows = 1, batch = 1] = [...shape].reverse();
  const tiled = swap ? transposeTiled(batch, rows, cols, capabilities) : null;
  const candidates = [candidate('strided_copy', copied)];
  if (tiled) candidates.splice(capabilities.software ? 1 : 0, 0, candidate('transpose_tiled', tiled));
  return candidates;
}

const candidate = (key: string, launch: Launch): Candidate => ({
  key,
  lower: () => ({ scratch: [], dispatches: [{ launch, args: [inputArg(0), outputArg(0)] }] }),
});

/** The same permutation with every run of axes that stay together as one axis. */
function mergedAxes(shape: Shape, perm: readonly number[]): { shape: number[]; perm: number[] } {
  const runs: number[][] = [];
  for (const axis of perm) {
    const run = runs.at(-1);
    if (run && run.at(-1) === axis - 1) run.push(axis);
    else runs.push([axis]);
  }
  if (runs.length === 0) runs.push([]); // a scalar is one run of nothing
  const inOrder = [...runs].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  return {
    shape: inOrder.map((run) => sizeOf(run.map((axis) => shape[axis] as number))),
    perm: runs.map((run) => inOrder.indexOf(run)),
  };
}

/**
 * `x` with its axes in the order `perm`: axis a of the result is axis `perm[a]` of `x`. Negative axes count from the end.
 * Default: all axes reversed. Throws a `HeddleError` where `perm` does not name every axis once, and for uint8 data.
 */
export function transpose(x: Value, options: { readonly perm?: readonly number[] } = {}): Value {
  rejectUnknownOptions('transpose', options, ['perm']);
  const rank = x.shape.length;
  const perm = options.perm
    ? options.perm.map((axis) => normalizeAxis('transpose', axis, rank))
    : x.shape.map((_, axis) => rank - 1 - axis);
  const identity = perm.length === rank && perm.every((axis, at) => axis === at);
  return identity ? x : applyOne(transposeOp, [x], { perm });
}
