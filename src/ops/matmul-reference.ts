/** The matrix product as naive loops: the oracle of the matmul kernels. */

import type { HostTensor } from '../ir/graph.js';
import { batchIndex, type MatmulAttrs, productShape } from './matmul-shape.js';

type Term = (sum: number, x: number, y: number) => number;

const FLOAT: Term = (sum, x, y) => sum + x * y;
/** Wraps at 32 bits, as on the device. */
const INTEGER: Term = (sum, x, y) => (sum + Math.imul(x, y)) | 0;
const MAGNITUDE: Term = (sum, x, y) => sum + Math.abs(x * y);

/** c[batch, m, n] = Σ_k a[batch, m, k] · b[batch, k, n]; with a second output, sum[n] = Σ_k b[k, n]. */
export function matmulReference(
  inputs: readonly HostTensor[],
  outputs: readonly HostTensor[],
  attrs: MatmulAttrs,
): void {
  loop(inputs, outputs, attrs, inputs[0]?.dtype === 'int32' ? INTEGER : FLOAT);
}

/** The same sums over |terms|. */
export function matmulMagnitude(
  inputs: readonly HostTensor[],
  outputs: readonly HostTensor[],
  attrs: MatmulAttrs,
): void {
  loop(inputs, outputs, attrs, MAGNITUDE);
}

function loop(
  [a, b]: readonly HostTensor[],
  [c, columnSum]: readonly HostTensor[],
  attrs: MatmulAttrs,
  add: Term,
): void {
  if (!a || !b || !c) return;
  const { batch, rows, columns, inner } = productShape('matmul', a, b, attrs);
  const batches = batch.reduce((size, extent) => size * extent, 1);
  const matrixA = batchIndex(a.shape, batch);
  const matrixB = batchIndex(b.shape, batch);
  const [rowA, stepA] = attrs.transposeA ? [1, rows] : [inner, 1]; // a [rows, inner] or [inner, rows]
  const [stepB, columnB] = attrs.transposeB ? [1, inner] : [columns, 1]; // b [inner, columns] or [columns, inner]
  for (let index = 0; index < batches; index++) {
    const startA = matrixA(index) * rows * inner;
    const startB = matrixB(index) * inner * columns;
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < columns; n++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const x = a.data[startA + m * rowA + k * stepA] as number;
          const y = b.data[startB + k * stepB + n * columnB] as number;
          sum = add(sum, x, y);
        }
        c.data[(index * rows + m) * columns + n] = sum;
      }
    }
  }
  if (!columnSum) return;
  for (let n = 0; n < columns; n++) {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum = add(sum, 1, b.data[k * stepB + n * columnB] as number);
    columnSum.data[n] = sum;
  }
}
