/** Which kernels reduce a tensor over axes: the variants of `sum`, `max`, `min` and `argMax`, best first. */

import type { DType } from '../core/dtype.js';
import { WGSL_TYPE } from '../core/dtype.js';
import type { TensorType } from '../ir/graph.js';
import {
  type Candidate,
  inputArg,
  type LoweredDispatch,
  type LowerRequest,
  outputArg,
  scratchArg,
} from '../ir/op.js';
import { argMaxSerial, argMaxTree } from '../kernels/arg-reduce.js';
import { requireIndexable } from '../kernels/attachment.js';
import type { Launch } from '../kernels/kernel.js';
import {
  type ReduceUse,
  type Reduction,
  reduceParts,
  reduceSerial,
  reduceSplit,
  reduceTree,
} from '../kernels/reduce.js';
import { type ReduceLayout, reduceLayout } from '../kernels/reduce-layout.js';
import { type EmittedPointwise, emitEpilogue, emitPrologue } from './pointwise/emit.js';

type Variant = 'serial' | 'tree_64' | 'tree_256' | 'split_serial' | 'split_tree';

/** Variants of `reduction` over `request.attrs.axes`, whose plain result has `dtype`. */
export function reduceCandidates(
  reduction: Reduction,
  request: LowerRequest<{ readonly axes: readonly number[] }>,
  dtype: DType,
): readonly Candidate[] {
  const { x, y, layout, epilogue } = describe(reduction, request, dtype);
  const prologue = request.prologue && emitPrologue(request.prologue, x);
  const use: ReduceUse = {
    reduction,
    layout,
    inputShape: x.shape,
    outputShape: y.shape,
    elem: WGSL_TYPE[x.dtype],
    acc: WGSL_TYPE[dtype],
    result: WGSL_TYPE[y.dtype],
    prologue,
    epilogue,
  };
  const parts = partsFor(layout, request.capabilities.software);
  const source = prologue ? [] : [inputArg(0)];
  const read = prologue?.args ?? [];
  const write = epilogue?.args ?? [];
  const whole = (launch: Launch): LoweredDispatch[] => [
    { launch, args: [...source, outputArg(0), ...read, ...write] },
  ];
  const split = (width: number | null): LoweredDispatch[] => [
    { launch: reduceSplit(use, parts), args: [...source, scratchArg(0), ...read] },
    { launch: reduceParts(use, parts, width), args: [scratchArg(0), outputArg(0), ...write] },
  ];
  const partial: TensorType = { shape: [layout.outputs * parts], dtype };
  const variants: Readonly<Record<Variant, () => LoweredDispatch[]>> = {
    serial: () => whole(reduceSerial(use)),
    tree_64: () => whole(reduceTree(use, 64)),
    tree_256: () => whole(reduceTree(use, 256)),
    split_serial: () => split(null),
    split_tree: () => split(64),
  };
  return order(layout, request.capabilities.software).map((variant) => ({
    key: `reduce_${variant}`,
    lower: () => ({
      scratch: variant.startsWith('split') ? [partial] : [],
      dispatches: variants[variant](),
    }),
  }));
}

/** Variants of the position of the maximum along `axis`. */
export function argMaxCandidates(request: LowerRequest<{ readonly axis: number }>): readonly Candidate[] {
  const { axis } = request.attrs;
  const { x, y, layout, epilogue } = describe('argMax', { ...request, attrs: { axes: [axis] } }, 'int32');
  const use = {
    layout,
    outputShape: y.shape,
    elem: WGSL_TYPE[x.dtype],
    result: WGSL_TYPE[y.dtype],
    epilogue,
  };
  const args = [inputArg(0), outputArg(0), ...(epilogue?.args ?? [])];
  const candidate = (key: string, launch: () => Launch): Candidate => ({
    key,
    lower: () => ({ scratch: [], dispatches: [{ launch: launch(), args }] }),
  });
  const serial = candidate('arg_max_serial', () => argMaxSerial(use));
  const trees = [64, 256].map((width) => candidate(`arg_max_tree_${width}`, () => argMaxTree(use, width)));
  return request.capabilities.software || layout.extent <= LONG_ROW ? [serial, ...trees] : [...trees, serial];
}

interface Description {
  readonly x: TensorType;
  readonly y: TensorType;
  readonly layout: ReduceLayout;
  readonly epilogue: EmittedPointwise | undefined;
}

function describe(
  op: string,
  { inputs: [x], outputs: [y], attrs, epilogue }: LowerRequest<{ readonly axes: readonly number[] }>,
  dtype: DType,
): Description {
  if (!x || !y) throw new RangeError(`${op} lowers with one input and one output`);
  requireIndexable(op, x.shape);
  return {
    x,
    y,
    layout: reduceLayout(x.shape, attrs.axes),
    epilogue: epilogue && emitEpilogue(epilogue, { shape: y.shape, dtype }),
  };
}

/** Rows from this length on are worth a workgroup of their own on a GPU. */
const LONG_ROW = 64;
/** Enough invocations to fill a software adapter, and a GPU. */
const SOFTWARE_THREADS = 512;
const GPU_THREADS = 16_384;

/**
 * On a software adapter a barrier costs more than a whole row, and a second pass pays only where the first has few outputs.
 * Chromium on SwiftShader, two cores: 32×128 over its rows 24 µs serial, 6 ms as a tree; 100,000 elements into one 0.7 ms
 * split, 1.2 ms serial; 12,544×32 over its rows 1.5 ms split, 1.3 ms serial.
 */
function order(layout: ReduceLayout, software: boolean): readonly Variant[] {
  const { outputs, extent, reducedInnermost } = layout;
  if (extent < 2) return ['serial'];
  if (software) {
    return outputs < 16 && extent >= 16_384
      ? ['split_serial', 'serial', 'split_tree', 'tree_64', 'tree_256']
      : ['serial', 'split_serial', 'tree_64', 'tree_256', 'split_tree'];
  }
  const few = outputs < GPU_THREADS / 8 && extent >= 256;
  if (reducedInnermost && extent >= LONG_ROW) {
    if (extent >= 16_384 && few) return ['split_tree', 'tree_256', 'tree_64', 'split_serial', 'serial'];
    return extent >= 1024
      ? ['tree_256', 'tree_64', 'split_tree', 'split_serial', 'serial']
      : ['tree_64', 'tree_256', 'serial', 'split_serial', 'split_tree'];
  }
  return few
    ? ['split_serial', 'split_tree', 'tree_64', 'tree_256', 'serial']
    : ['serial', 'tree_64', 'tree_256', 'split_serial', 'split_tree'];
}

/** Partial results per output: a power of two, enough to fill the adapter, each of at least 8 elements. */
function partsFor({ outputs, extent }: ReduceLayout, software: boolean): number {
  const wanted = (software ? SOFTWARE_THREADS : GPU_THREADS) / outputs;
  let parts = 2;
  while (parts < wanted && parts * 16 <= extent) parts *= 2;
  return Math.min(parts, extent);
}
