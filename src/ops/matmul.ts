/**
 * Matrix products. Transposes are attributes, never nodes: all four combinations are closed under differentiation, so that
 * no gradient copies a matrix.
 */

import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { showShape, sizeOf } from '../core/shape.js';
import { apply, applyOne, type TensorType, type Value } from '../ir/graph.js';
import { scalar } from '../ir/leaves.js';
import type { OpDef } from '../ir/op.js';
import { matmulCandidates } from './matmul-lower.js';
import { matmulMagnitude, matmulReference } from './matmul-reference.js';
import { batchOf, type MatmulAttrs, matrixOf, productShape } from './matmul-shape.js';
import { broadcastTo, reshape, sum, sumTo } from './structural.js';

export interface MatmulOptions {
  /** Read `a` as [..., K, M]. Default `false`. */
  readonly transposeA?: boolean;
  /** Read `b` as [..., N, K]. Default `false`. */
  readonly transposeB?: boolean;
}

/** c[..., m, n] = Σ_k a[..., m, k] · b[..., k, n]. */
export const matmulOp: OpDef<MatmulAttrs> = {
  name: 'matmul',
  infer: (inputs, attrs) => [productType('matmul', inputs, attrs)],
  withColumnSum: (inputs, { transposeB }) =>
    !transposeB && inputs.every(({ shape }) => shape.length === 2) ? matmulWithColumnSumOp : null,
  vjp({ inputs: [a, b], attrs, dys: [dy], needs: [needsA, needsB] }) {
    if (!a || !b || !dy || a.dtype !== 'float32') return [null, null];
    return [needsA ? gradientOfA(a, b, dy, attrs) : null, needsB ? gradientOfB(a, b, dy, attrs) : null];
  },
  reference: matmulReference,
  magnitude: matmulMagnitude,
  terms: innerExtent,
  flops: (inputs, attrs) => productFlops('matmul', inputs, attrs),
  candidates: (request) => matmulCandidates(request, false),
  tunable: true,
  fusion: { epilogue: 0 },
};

/**
 * Two outputs: c = a · b, and sum[n] = Σ_k b[k, n] after b's transpose. With a = xᵀ and b = dy these are the gradients of a
 * dense layer's kernel and bias, computed in one pass over dy. Matrices only, no batch dimensions.
 */
export const matmulWithColumnSumOp: OpDef<MatmulAttrs> = {
  name: 'matmulWithColumnSum',
  infer(inputs, attrs) {
    const product = productType('matmulWithColumnSum', inputs, attrs);
    if (product.shape.length !== 2) {
      const [a, b] = inputs.map(({ shape }) => shape);
      throw new HeddleError({
        op: 'matmulWithColumnSum',
        message: `takes matrices without batch dimensions; a ${showShape(a ?? [])}, b ${showShape(b ?? [])}`,
        roles: ['a', 'b'],
        values: { a, b },
        fix: 'reshape() both to rank 2, or use matmul() and sum()',
      });
    }
    return [product, { shape: product.shape.slice(1), dtype: product.dtype }];
  },
  decompose([a, b], attrs) {
    if (!a || !b) return [];
    return [matmul(a, b, attrs), sum(b, { axis: attrs.transposeB ? 1 : 0 })];
  },
  reference: matmulReference,
  magnitude: matmulMagnitude,
  terms: innerExtent,
  flops: (inputs, attrs) => productFlops('matmulWithColumnSum', inputs, attrs),
  candidates: (request) => matmulCandidates(request, true),
  tunable: true,
  fusion: { epilogue: 0 },
};

/**
 * Matrix product of `a` [..., M, K] and `b` [..., K, N]: [..., M, N], c[m, n] = Σ_k a[m, k] · b[k, n]. Leading (batch)
 * dimensions broadcast by NumPy's rules. `transposeA` and `transposeB` swap the last two dimensions of an operand without a
 * copy. float32 or int32 (which wraps at 32 bits). Throws a `HeddleError` where ranks are below 2, or inner extents, batch
 * dimensions or dtypes do not fit.
 */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  rejectUnknownOptions('matmul', options, ['transposeA', 'transposeB']);
  const attrs = withDefaults(options);
  const type = productType('matmul', [a, b], attrs);
  // An empty sum is 0, but no kernel can bind an empty operand.
  if (innerExtent([a, b], attrs) === 0) return broadcastTo(scalar(0, type.dtype), type.shape);
  return applyOne(matmulOp, [a, b], attrs);
}

/** `matmul(a, b)` of matrices and Σ_k b[k, n] [N] from one kernel, for the compiler's bias gradients. */
export function matmulWithColumnSum(
  a: Value,
  b: Value,
  options: MatmulOptions = {},
): readonly [Value, Value] {
  const [product, columnSum] = apply(matmulWithColumnSumOp, [a, b], withDefaults(options));
  return [product as Value, columnSum as Value];
}

const withDefaults = ({ transposeA = false, transposeB = false }: MatmulOptions): MatmulAttrs => ({
  transposeA,
  transposeB,
});

function productType(op: string, [a, b]: readonly TensorType[], attrs: MatmulAttrs): TensorType {
  if (!a || !b) {
    throw new HeddleError({ op, message: 'takes two operands', roles: ['a', 'b'], fix: 'give a and b' });
  }
  const { batch, rows, columns } = productShape(op, a, b, attrs);
  return { shape: [...batch, rows, columns], dtype: a.dtype };
}

function innerExtent([a]: readonly TensorType[], { transposeA }: MatmulAttrs): number {
  return a ? matrixOf(a.shape, transposeA)[1] : 0;
}

/** Those of a column sum are too few to count. */
function productFlops(op: string, inputs: readonly TensorType[], attrs: MatmulAttrs): number {
  return 2 * sizeOf(productType(op, inputs, attrs).shape) * innerExtent(inputs, attrs);
}

/** da = dy · bᵀ, or its transpose b · dyᵀ where `a` is read transposed; summed over the batches that share it. */
function gradientOfA(a: Value, b: Value, dy: Value, { transposeA, transposeB }: MatmulAttrs): Value {
  const full = transposeA
    ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
    : matmul(dy, b, { transposeB: !transposeB });
  return sumTo(full, a.shape);
}

/** db = aᵀ · dy, or its transpose dyᵀ · a where `b` is read transposed; summed over the batches that share it. */
function gradientOfB(a: Value, b: Value, dy: Value, { transposeA, transposeB }: MatmulAttrs): Value {
  // A matrix shared by the whole batch: the batch joins the rows, and the sum over it happens inside the product.
  const shared = !transposeA && a.shape.length > 2 && sizeOf(batchOf(b.shape)) === 1;
  const [rows, cotangent] = shared ? [asRows(a), asRows(dy)] : [a, dy];
  const full = transposeB
    ? matmul(cotangent, rows, { transposeA: true, transposeB: transposeA })
    : matmul(rows, cotangent, { transposeA: !transposeA });
  return shared ? reshape(full, b.shape) : sumTo(full, b.shape);
}

/** [..., M, N] as [all rows, N]. */
function asRows(value: Value): Value {
  return reshape(value, [sizeOf(value.shape.slice(0, -1)), value.shape.at(-1) ?? 1]);
}
