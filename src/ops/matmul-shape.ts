/** Shapes of a matrix product: what fits, what comes out, and how batch axes fold. */

import { HeddleError } from '../core/errors.js';
import { type Shape, showShape, sizeOf, tryBroadcast } from '../core/shape.js';
import type { TensorType } from '../ir/graph.js';
import type { BatchAxis } from '../kernels/matmul-operands.js';

export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** C [batch, rows, columns] = A [batch, rows, inner] · B [batch, inner, columns], after transposes. */
export interface ProductShape {
  readonly batch: Shape;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** The product of `a` and `b`, or a `HeddleError` that names the extents at odds. */
export function productShape(op: string, a: TensorType, b: TensorType, attrs: MatmulAttrs): ProductShape {
  checkType(op, 'a', a);
  checkType(op, 'b', b);
  if (a.dtype !== b.dtype) {
    throw new HeddleError({
      op,
      message: `a is ${a.dtype}, b is ${b.dtype}`,
      roles: ['a', 'b'],
      values: { a: a.dtype, b: b.dtype },
      fix: 'cast() one of them',
    });
  }
  const [rows, innerA] = matrixOf(a.shape, attrs.transposeA);
  const [innerB, columns] = matrixOf(b.shape, attrs.transposeB);
  const both = `a ${showShape(a.shape)}${attrs.transposeA ? ' transposed' : ''}, b ${showShape(b.shape)}${attrs.transposeB ? ' transposed' : ''}`;
  if (innerA !== innerB) {
    throw new HeddleError({
      op,
      message: `a has ${innerA} ${attrs.transposeA ? 'rows' : 'columns'}, b has ${innerB} ${attrs.transposeB ? 'columns' : 'rows'}`,
      roles: ['a', 'b'],
      values: { a: a.shape, b: b.shape, ...attrs },
      fix: `${both}: make these equal, or set transposeA or transposeB`,
    });
  }
  const batch = tryBroadcast([batchOf(a.shape), batchOf(b.shape)]);
  if (!batch) {
    throw new HeddleError({
      op,
      message: `batch dimensions ${showShape(batchOf(a.shape))} of a and ${showShape(batchOf(b.shape))} of b do not broadcast`,
      roles: ['a', 'b'],
      values: { a: a.shape, b: b.shape, ...attrs },
      fix: `${both}: make each pair of leading dimensions equal, or one of them 1`,
    });
  }
  return { batch, rows, columns, inner: innerA };
}

export const batchOf = (shape: Shape): Shape => shape.slice(0, -2);

/** The last two extents after a transpose. */
export function matrixOf(shape: Shape, transposed: boolean): [number, number] {
  const [first = 1, second = 1] = shape.slice(-2);
  return transposed ? [second, first] : [first, second];
}

/** For each batch of the product, the index of the matrix of `operand` that takes part. */
export function batchIndex(operand: Shape, batch: Shape): (index: number) => number {
  const own = batchOf(operand);
  const added = batch.length - own.length;
  return (index) => {
    let rest = index;
    let result = 0;
    let step = 1;
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const extent = batch[axis] ?? 1;
      const mine = own[axis - added] ?? 1;
      if (mine > 1) result += (rest % extent) * step;
      step *= mine;
      rest = Math.floor(rest / extent);
    }
    return result;
  };
}

/**
 * The product with batch axes merged where A and B walk on evenly, and folded into the rows where B repeats and A is not
 * transposed: [8, 12, K] · [K, N] is one product of 96 rows.
 */
export function foldBatch(
  a: TensorType,
  b: TensorType,
  { transposeA }: MatmulAttrs,
  product: ProductShape,
): { readonly rows: number; readonly batch: readonly BatchAxis[] } {
  const sizeA = product.rows * product.inner;
  const sizeB = product.inner * product.columns;
  const stepsA = batchSteps(batchOf(a.shape), product.batch, sizeA);
  const stepsB = batchSteps(batchOf(b.shape), product.batch, sizeB);
  const axes: BatchAxis[] = [];
  product.batch.forEach((extent, axis) => {
    if (extent === 1) return;
    const inner = { extent, stepA: stepsA[axis] ?? 0, stepB: stepsB[axis] ?? 0 };
    const outer = axes.at(-1);
    if (outer?.stepA === inner.stepA * extent && outer.stepB === inner.stepB * extent) {
      axes[axes.length - 1] = { ...inner, extent: outer.extent * extent };
    } else axes.push(inner);
  });
  const last = axes.at(-1);
  if (transposeA || !last || last.stepB !== 0 || last.stepA !== sizeA)
    return { rows: product.rows, batch: axes };
  return { rows: product.rows * last.extent, batch: axes.slice(0, -1) };
}

/** How far an operand moves along each batch axis of the product, 0 where it repeats. */
function batchSteps(own: Shape, batch: Shape, matrix: number): number[] {
  const added = batch.length - own.length;
  return batch.map((_, axis) => {
    const mine = own[axis - added] ?? 1;
    return mine === 1 ? 0 : matrix * sizeOf(own.slice(axis - added + 1));
  });
}

function checkType(op: string, role: 'a' | 'b', { shape, dtype }: TensorType): void {
  if (shape.length < 2) {
    throw new HeddleError({
      op,
      message: `${role} has rank ${shape.length}, matrices have at least 2; ${role} ${showShape(shape)}`,
      roles: [role],
      values: { [role]: shape },
      fix: `reshape(${role}, …) to add dimensions of 1`,
    });
  }
  if (dtype !== 'float32' && dtype !== 'int32') {
    throw new HeddleError({
      op,
      message: `cannot multiply matrices of dtype ${dtype}`,
      roles: [role],
      values: { [role]: dtype },
      fix: `cast(${role}, 'float32') first`,
    });
  }
}
