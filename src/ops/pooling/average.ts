/** Average pooling over the cells within the image. It is linear: forward and gradient are each other's gradient. */

import { applyOne, type HostTensor, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef, outputArg } from '../../ir/op.js';
import { pool, poolGradient } from '../../kernels/pool.js';
import { emitEpilogue } from '../pointwise/emit.js';
import { onlyInput } from '../structural-index.js';
import { windowsPerCell } from './max.js';
import {
  forEachWindow,
  onImages,
  type PoolAttrs,
  type PoolOptions,
  pooledShape,
  type UnpoolAttrs,
  unpooledShape,
} from './window.js';

/** y[n,p,q,c] = Σ x[n,h,w,c] / count over the `count` cells (h,w) of window (p,q) within the image. */
export const averagePoolOp: OpDef<PoolAttrs> = {
  name: 'averagePool',
  infer(inputs, attrs) {
    const shape = pooledShape('averagePool', onlyInput('averagePool', inputs), attrs);
    return [{ shape, dtype: 'float32' }];
  },
  vjp({ inputs: [x], attrs, dys: [dy], needs: [needed] }) {
    if (!x || !dy || !needed) return [null];
    const [, height = 0, width = 0] = x.shape;
    return [applyOne(averagePoolGradientOp, [dy], { ...attrs, size: [height, width] })];
  },
  reference: ([x], [y], attrs) => averages(x, y, attrs, (value) => value),
  magnitude: ([x], [y], attrs) => averages(x, y, attrs, Math.abs),
  terms: (_, { window }) => window[0] * window[1],
  fusion: { epilogue: 0 },
  candidates({ inputs: [x], outputs: [y], attrs, epilogue }) {
    if (!x || !y) return [];
    const after = epilogue && emitEpilogue(epilogue, { shape: y.shape, dtype: 'float32' });
    const shapes = { image: x.shape, pooled: y.shape };
    const use = {
      ...attrs,
      ...shapes,
      kind: 'average',
      winners: null,
      result: y.dtype,
      epilogue: after,
    } as const;
    const launch = pool('averagePool', use);
    const args = [inputArg(0), outputArg(0), ...(after?.args ?? [])];
    return [{ key: 'pool_average', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  },
};

/** dx[n,h,w,c] = Σ dy[n,p,q,c] / count(p,q) over the windows (p,q) that hold cell (h,w). */
export const averagePoolGradientOp: OpDef<UnpoolAttrs> = {
  name: 'averagePoolGradient',
  infer: (inputs, attrs) => [
    {
      shape: unpooledShape('averagePoolGradient', onlyInput('averagePoolGradient', inputs), attrs),
      dtype: 'float32',
    },
  ],
  vjp({ attrs, dys: [ddx], needs: [needed] }) {
    return [ddx && needed ? applyOne(averagePoolOp, [ddx], attrs) : null];
  },
  reference: ([dy], [dx], attrs) => shares(dy, dx, attrs, (value) => value),
  magnitude: ([dy], [dx], attrs) => shares(dy, dx, attrs, Math.abs),
  terms: (_, attrs) => windowsPerCell(attrs),
  fusion: { epilogue: 0 },
  candidates({ inputs: [dy], outputs: [dx], attrs, epilogue }) {
    if (!dy || !dx) return [];
    const after = epilogue && emitEpilogue(epilogue, { shape: dx.shape, dtype: 'float32' });
    const shapes = { image: dx.shape, pooled: dy.shape };
    const use = {
      ...attrs,
      ...shapes,
      kind: 'average',
      winners: null,
      result: dx.dtype,
      epilogue: after,
    } as const;
    const launch = poolGradient('averagePoolGradient', use);
    const args = [inputArg(0), outputArg(0), ...(after?.args ?? [])];
    return [{ key: 'pool_average_gradient', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  },
};

function averages(
  x: HostTensor | undefined,
  y: HostTensor | undefined,
  attrs: PoolAttrs,
  of: (value: number) => number,
): void {
  if (!x || !y) return;
  forEachWindow(x.shape, y.shape, attrs, (output, walk) => {
    let sum = 0;
    let count = 0;
    walk((cell) => {
      sum += of(x.data[cell] as number);
      count++;
    });
    y.data[output] = sum / count;
  });
}

function shares(
  dy: HostTensor | undefined,
  dx: HostTensor | undefined,
  attrs: UnpoolAttrs,
  of: (value: number) => number,
): void {
  if (!dy || !dx) return;
  const sums = new Float64Array(dx.data.length);
  forEachWindow(dx.shape, dy.shape, attrs, (output, walk) => {
    let count = 0;
    walk(() => {
      count++;
    });
    walk((cell) => {
      sums[cell] = (sums[cell] as number) + of(dy.data[output] as number) / count;
    });
  });
  dx.data.set(sums);
}

/**
 * The mean of each window's cells within the image: [N, H, W, C] → [N, P, Q, C] with P = ⌊(H + padding − poolSize) / stride⌋ + 1, or
 * [N, L, C] → [N, P, C]. float32. Padding is not counted.
 *
 * @throws HeddleError as `maxPool` does.
 */
export function averagePool(x: Value, options: PoolOptions): Value {
  return onImages('averagePool', x, options, (image, attrs) => applyOne(averagePoolOp, [image], attrs));
}
