/**
 * Max pooling. The op also says which cell of each window won, one byte each: that is all its gradient needs, so that the image itself
 * may be given up after the forward pass. Nobody reads it in inference, and then it is not written.
 */

import type { Shape } from '../../core/shape.js';
import { apply, applyOne, first, type TensorType, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef, outputArg } from '../../ir/op.js';
import { pickWinners, pool, poolGradient } from '../../kernels/pool.js';
import type { Pair } from '../convolution/geometry.js';
import { emitEpilogue } from '../pointwise/emit.js';
import { relu } from '../pointwise/index.js';
import { reshape } from '../structural.js';
import { onlyInput } from '../structural-index.js';
import {
  forEachWindow,
  onImages,
  type PoolAttrs,
  type PoolOptions,
  pooledShape,
  type UnpoolAttrs,
  unpooledShape,
  winningCells,
} from './window.js';

/**
 * Winners are bytes where the cells of a window can be told apart by one. Of single windows, which are as large as an image may be, they
 * are words, few as they are, so that kernels do not depend on its size.
 */
function winnersType(shape: Shape, [height, width]: Pair): TensorType {
  const single = shape[1] === 1 && shape[2] === 1;
  return { shape, dtype: !single && height * width <= 256 ? 'uint8' : 'uint32' };
}

/**
 * y[n,p,q,c] = max over the cells (r,s) of the window within the image of x[n, p·stride + r − top, q·stride + s − left, c];
 * winner[n,p,q,c] = r·width + s of the first cell that attains it.
 */
export const maxPoolOp: OpDef<PoolAttrs> = {
  name: 'maxPool',
  infer(inputs, attrs) {
    const shape = pooledShape('maxPool', onlyInput('maxPool', inputs), attrs);
    return [{ shape, dtype: 'float32' }, winnersType(shape, attrs.window)];
  },
  residuals: [1],
  vjp({ inputs: [x], outputs: [, winners], attrs, dys: [dy], needs: [needed] }) {
    if (!x || !winners || !dy || !needed) return [null];
    const [, height = 0, width = 0] = x.shape;
    return [applyOne(maxPoolGradientOp, [dy, winners], { ...attrs, size: [height, width] })];
  },
  reference([x], [y, winners], attrs) {
    if (!x || !y || !winners) return;
    forEachWindow(x.shape, y.shape, attrs, (output, walk) => {
      let found = false;
      walk((cell, place) => {
        const value = x.data[cell] as number;
        // What is no number beats nothing and is beaten by nothing, as in the kernel.
        if (found && !(value > (y.data[output] as number))) return;
        found = true;
        y.data[output] = value;
        winners.data[output] = place;
      });
    });
  },
  // A maximum moves no further than the cell that moves furthest; another cell may win where it is within reach.
  carry([x], [errors], [y], attrs) {
    const furthest = new Float64Array(y?.data.length ?? 0);
    const unsure = new Float64Array(furthest.length);
    if (!x || !y || !errors) return [furthest, unsure];
    forEachWindow(x.shape, y.shape, attrs, (output, walk) => {
      let surest = Number.NEGATIVE_INFINITY;
      walk((cell) => {
        furthest[output] = Math.max(furthest[output] as number, errors[cell] as number);
        surest = Math.max(surest, (x.data[cell] as number) - (errors[cell] as number));
      });
      let rivals = 0;
      walk((cell) => {
        if ((x.data[cell] as number) + (errors[cell] as number) >= surest) rivals++;
      });
      if (rivals > 1 && (furthest[output] as number) > 0) unsure[output] = attrs.window[0] * attrs.window[1];
    });
    return [furthest, unsure];
  },
  fusion: { epilogue: 0 },
  candidates({ inputs: [x], outputs: [y, winners], attrs, used, epilogue }) {
    if (!x || !y || !winners) return [];
    const after = epilogue && emitEpilogue(epilogue, { shape: y.shape, dtype: 'float32' });
    const kept = used[1] === true;
    const launch = pool('maxPool', {
      ...attrs,
      image: x.shape,
      pooled: y.shape,
      kind: 'max',
      winners: kept ? winners.dtype : null,
      result: y.dtype,
      epilogue: after,
    });
    const args = [inputArg(0), outputArg(0), ...(kept ? [outputArg(1)] : []), ...(after?.args ?? [])];
    return [{ key: 'pool_max', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  },
};

/** dx[n,h,w,c] = Σ of dy over the windows that cell (h,w) won. */
export const maxPoolGradientOp: OpDef<UnpoolAttrs> = {
  name: 'maxPoolGradient',
  infer([dy, winners], attrs) {
    if (!dy || !winners) throw new RangeError('maxPoolGradient takes dy and winners');
    return [{ shape: unpooledShape('maxPoolGradient', dy, attrs), dtype: 'float32' }];
  },
  vjp({ inputs: [, winners], attrs, dys: [ddx], needs: [needed] }) {
    return [winners && ddx && needed ? applyOne(maxPoolPickOp, [ddx, winners], attrs) : null, null];
  },
  reference([dy, winners], [dx], attrs) {
    if (!dy || !winners || !dx) return;
    const sums = new Float64Array(dx.data.length);
    winningCells(winners, dx.shape, attrs).forEach((cell, output) => {
      sums[cell] = (sums[cell] as number) + (dy.data[output] as number);
    });
    dx.data.set(sums);
  },
  magnitude([dy, winners], [dx], attrs) {
    if (!dy || !winners || !dx) return;
    const sums = new Float64Array(dx.data.length);
    winningCells(winners, dx.shape, attrs).forEach((cell, output) => {
      sums[cell] = (sums[cell] as number) + Math.abs(dy.data[output] as number);
    });
    dx.data.set(sums);
  },
  terms: (_, attrs) => windowsPerCell(attrs),
  fusion: { epilogue: 0 },
  candidates({ inputs: [dy, winners], outputs: [dx], attrs, epilogue }) {
    if (!dy || !winners || !dx) return [];
    const after = epilogue && emitEpilogue(epilogue, { shape: dx.shape, dtype: 'float32' });
    const launch = poolGradient('maxPoolGradient', {
      ...attrs,
      image: dx.shape,
      pooled: dy.shape,
      kind: 'max',
      winners: winners.dtype,
      result: dx.dtype,
      epilogue: after,
    });
    const args = [inputArg(0), inputArg(1), outputArg(0), ...(after?.args ?? [])];
    return [{ key: 'pool_max_gradient', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  },
};

/** y[n,p,q,c] = x at the cell that won window (p,q): the gradient of `maxPoolGradient`, whose own gradient it is. */
export const maxPoolPickOp: OpDef<UnpoolAttrs> = {
  name: 'maxPoolPick',
  infer([x, winners], attrs) {
    if (!x || !winners) throw new RangeError('maxPoolPick takes x and winners');
    return [{ shape: pooledShape('maxPoolPick', x, attrs), dtype: 'float32' }];
  },
  vjp({ inputs: [, winners], attrs, dys: [dy], needs: [needed] }) {
    return [winners && dy && needed ? applyOne(maxPoolGradientOp, [dy, winners], attrs) : null, null];
  },
  reference([x, winners], [y], attrs) {
    if (!x || !winners || !y) return;
    winningCells(winners, x.shape, attrs).forEach((cell, output) => {
      y.data[output] = x.data[cell] as number;
    });
  },
  candidates({ inputs: [x, winners], outputs: [y], attrs }) {
    if (!x || !winners || !y) return [];
    const use = { ...attrs, image: x.shape, pooled: y.shape, winners: winners.dtype };
    const args = [inputArg(0), inputArg(1), outputArg(0)];
    const launch = pickWinners('maxPoolPick', use);
    return [{ key: 'pool_pick', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  },
};

/** At most so many windows hold one cell. */
export const windowsPerCell = ({ window, strides }: PoolAttrs): number =>
  Math.ceil(window[0] / strides[0]) * Math.ceil(window[1] / strides[1]);

/**
 * The largest cell of each window: [N, H, W, C] → [N, P, Q, C] with P = ⌊(H + padding − poolSize) / stride⌋ + 1, or
 * [N, L, C] → [N, P, C]. float32. The gradient goes to the first of the cells that attain it.
 *
 * @throws HeddleError for other ranks and dtypes, a window larger than the padded image, padding as large as the window, and numbers
 * that are no positive integers.
 */
export function maxPool(x: Value, options: PoolOptions): Value {
  // A maximum commutes with what never falls, gradient included: after the pooling, relu has less to do, and the image behind it
  // need not be kept for its mask.
  return onImages('maxPool', x, options, (image, attrs) => {
    const inner = behindRelu(image);
    const y = first(apply(maxPoolOp, [inner ?? image], attrs));
    return inner ? relu(y) : y;
  });
}

/** What relu made `image` of, views of it in between; `null` for other images. */
function behindRelu(image: Value): Value | null {
  let { node } = image;
  for (let [input] = node.inputs; node.op.view && input; [input] = node.inputs) ({ node } = input);
  const [inner] = node.op.pointwise?.name === 'relu' ? node.inputs : [];
  return inner ? reshape(inner, image.shape) : null;
}
