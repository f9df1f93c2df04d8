/** Which kernels compute softmax cross-entropy and its gradient, best first. */

import { WGSL_TYPE } from '../core/dtype.js';
import { sizeOf } from '../core/shape.js';
import { type Arg, type Candidate, inputArg, type LowerRequest, outputArg } from '../ir/op.js';
import { requireIndexable } from '../kernels/attachment.js';
import { type CrossentropyUse, crossentropySerial, crossentropyTree } from '../kernels/crossentropy.js';
import type { Launch } from '../kernels/kernel.js';
import { emitEpilogue } from './pointwise/emit.js';

/** Rows of at least this many classes are worth a workgroup of their own on a GPU. */
const MANY_CLASSES = 64;

export function crossentropyCandidates(
  kind: CrossentropyUse['kind'],
  request: LowerRequest,
): readonly Candidate[] {
  const [logits] = request.inputs;
  const [, gradient] = request.outputs;
  if (!logits || !gradient) throw new RangeError('cross-entropy lowers with logits and two outputs');
  requireIndexable('softmaxCrossentropy', logits.shape);
  const classes = logits.shape.at(-1) ?? 1;
  const [withLoss = false, storesGradient = false] = request.used;
  // The epilogue may be wanted for its side outputs alone.
  const sides = request.epilogue?.sides ?? [];
  const withGradient = storesGradient || sides.some((side) => request.used[side]);
  const epilogue =
    request.epilogue && emitEpilogue(request.epilogue, { shape: logits.shape, dtype: 'float32' });
  const use: CrossentropyUse = {
    kind,
    rows: sizeOf(logits.shape) / classes,
    classes,
    dynamic: logits.shape.length === 1,
    withLoss,
    withGradient,
    result: WGSL_TYPE[gradient.dtype],
    epilogue,
  };
  const args: Arg[] = [inputArg(0), inputArg(1)];
  if (withLoss) args.push(outputArg(0));
  if (withGradient) args.push(outputArg(1), ...(epilogue?.args ?? []));
  const candidate = (key: string, launch: () => Launch): Candidate => ({
    key,
    lower: () => ({ scratch: [], dispatches: [{ launch: launch(), args }] }),
  });
  const serial = candidate('crossentropy_serial', () => crossentropySerial(use));
  const trees = [64, 256].map((width) =>
    candidate(`crossentropy_tree_${width}`, () => crossentropyTree(use, width)),
  );
  return request.capabilities.software || classes < MANY_CLASSES ? [serial, ...trees] : [...trees, serial];
}
