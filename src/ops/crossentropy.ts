/**
 * Softmax cross-entropy, fused: one kernel gives the losses and, as a residual, their gradient to the logits, so that the
 * backward pass is one multiplication by the cotangent, which enters the same kernel.
 */

import { HeddleError } from '../core/errors.js';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.js';
import { apply, first, type HostTensor, type TensorType, type Value } from '../ir/graph.js';
import { constant } from '../ir/leaves.js';
import type { OpDef } from '../ir/op.js';
import { crossentropyCandidates } from './crossentropy-lower.js';
import { cast, equal, maximum, minimum, mul, neg, softplus, sub } from './pointwise/index.js';
import { forEachRow, logSoftmax, softmax } from './softmax.js';
import { expandDims, sum } from './structural.js';

type NoAttrs = Readonly<Record<string, never>>;

/** losses = −log softmax(logits)[label]; residual: softmax(logits) − onehot(label). */
export const sparseSoftmaxCrossentropyOp: OpDef<NoAttrs> = {
  name: 'sparseSoftmaxCrossentropy',
  residuals: [1],
  infer(inputs) {
    const [logits, labels] = both('sparseSoftmaxCrossentropy', inputs, 'labels', 'int32');
    const shape = logits.shape.slice(0, -1);
    requireShape('sparseSoftmaxCrossentropy', 'labels', labels, shape, logits);
    return [{ shape, dtype: 'float32' }, logits];
  },
  vjp({ outputs: [, residual], dys: [dy], needs: [needed] }) {
    return [needed && dy && residual ? mul(residual, expandDims(dy)) : null, null];
  },
  decompose([logits, labels]) {
    if (!logits || !labels) return [];
    const classes = logits.shape.at(-1) ?? 1;
    const clamped = minimum(maximum(labels, 0), classes - 1);
    const ids = constant(
      Int32Array.from({ length: classes }, (_, id) => id),
      [classes],
      'int32',
    );
    return fromTargets(logits, cast(equal(expandDims(clamped), ids), 'float32'));
  },
  reference([logits, labels], outputs) {
    if (logits && labels) fill(logits, oneHotRows(labels, logits.shape), outputs);
  },
  magnitude([logits, labels], outputs) {
    if (logits && labels) fillMagnitudes(logits, oneHotRows(labels, logits.shape), outputs);
  },
  terms: ([logits]) => logits?.shape.at(-1) ?? 1,
  fusion: { epilogue: 1 },
  candidates: (request) => crossentropyCandidates('labels', request),
};

/** losses = −Σ targets·log softmax(logits); residual: softmax(logits)·Σ targets − targets. */
export const softmaxCrossentropyOp: OpDef<NoAttrs> = {
  name: 'softmaxCrossentropy',
  residuals: [1],
  infer(inputs) {
    const [logits, targets] = both('softmaxCrossentropy', inputs, 'targets', 'float32');
    requireShape('softmaxCrossentropy', 'targets', targets, logits.shape, logits);
    return [{ shape: logits.shape.slice(0, -1), dtype: 'float32' }, logits];
  },
  vjp({ inputs: [logits], outputs: [, residual], dys: [dy], needs: [toLogits, toTargets] }) {
    if (!dy || !logits || !residual) return [null, null];
    const perRow = expandDims(dy);
    return [toLogits ? mul(residual, perRow) : null, toTargets ? mul(neg(logSoftmax(logits)), perRow) : null];
  },
  decompose: ([logits, targets]) => (logits && targets ? fromTargets(logits, targets) : []),
  reference([logits, targets], outputs) {
    if (logits && targets) fill(logits, (at) => targets.data[at] as number, outputs);
  },
  magnitude([logits, targets], outputs) {
    if (logits && targets) fillMagnitudes(logits, (at) => targets.data[at] as number, outputs);
  },
  terms: ([logits]) => logits?.shape.at(-1) ?? 1,
  fusion: { epilogue: 1 },
  candidates: (request) => crossentropyCandidates('targets', request),
};

/**
 * −log softmax(logits)[label] for each row: logits float32 [..., classes], labels int32 [...] → [...]. A label outside
 * 0 … classes − 1 counts as the nearest class (who feeds labels checks them). Stable for any finite logits. Throws a
 * `HeddleError` where shapes or dtypes do not fit.
 */
export function sparseSoftmaxCrossentropy(logits: Value, labels: Value): Value {
  return first(apply(sparseSoftmaxCrossentropyOp, [logits, labels], {}));
}

/**
 * −Σ targets·log softmax(logits) for each row: logits and targets float32 [..., classes] → [...]. Targets need not sum to 1.
 * Stable for any finite logits. Throws a `HeddleError` where shapes or dtypes do not fit.
 */
export function softmaxCrossentropy(logits: Value, targets: Value): Value {
  return first(apply(softmaxCrossentropyOp, [logits, targets], {}));
}

/**
 * −targets·log sigmoid(logits) − (1 − targets)·log(1 − sigmoid(logits)) elementwise, as the stable
 * softplus(logits) − targets·logits. float32; shapes broadcast.
 */
export function sigmoidCrossentropy(logits: Value, targets: Value): Value {
  return sub(softplus(logits), mul(targets, logits));
}

function fromTargets(logits: Value, targets: Value): readonly Value[] {
  const losses = neg(sum(mul(targets, logSoftmax(logits)), { axis: -1 }));
  return [losses, sub(mul(softmax(logits), sum(targets, { axis: -1, keepDims: true })), targets)];
}

/** t of each element of the logits: 1 where its class is the row's label. */
function oneHotRows(labels: HostTensor, logits: Shape): (at: number) => number {
  const classes = logits.at(-1) ?? 1;
  const label = (row: number): number => Math.min(Math.max(labels.data[row] as number, 0), classes - 1);
  return (at) => (at % classes === label(Math.floor(at / classes)) ? 1 : 0);
}

function fill(
  logits: HostTensor,
  target: (at: number) => number,
  [losses, gradient]: readonly HostTensor[],
): void {
  let row = 0;
  forEachRow(logits, logits.shape.length - 1, (places, largest, total) => {
    const mass = places.reduce((sum, at) => sum + target(at), 0);
    let loss = 0;
    for (const at of places) {
      const distance = (logits.data[at] as number) - largest;
      loss += target(at) * (Math.log(total) - distance);
      if (gradient) gradient.data[at] = (mass * Math.exp(distance)) / total - target(at);
    }
    if (losses) losses.data[row++] = loss;
  });
}

/** As for `softmax` and `logSoftmax`: exp(d) errs with |d|, the logarithm absolutely near 1. */
function fillMagnitudes(
  logits: HostTensor,
  target: (at: number) => number,
  [losses, gradient]: readonly HostTensor[],
): void {
  let row = 0;
  forEachRow(logits, logits.shape.length - 1, (places, largest, total) => {
    const mass = places.reduce((sum, at) => sum + Math.abs(target(at)), 0);
    let loss = 0;
    for (const at of places) {
      const distance = largest - (logits.data[at] as number);
      loss += Math.abs(target(at)) * (Math.log(total) + 1 + distance);
      const share = Math.exp(-distance) / total;
      if (gradient) gradient.data[at] = mass * share * (1 + distance) + Math.abs(target(at));
    }
    if (losses) losses.data[row++] = loss;
  });
}

function both(
  op: string,
  inputs: readonly TensorType[],
  role: string,
  dtype: 'int32' | 'float32',
): readonly [TensorType, TensorType] {
  const [logits, other] = inputs;
  if (!logits || !other || inputs.length !== 2) {
    throw new HeddleError({
      op,
      message: `takes logits and ${role}, got ${inputs.length} inputs`,
      roles: ['logits', role],
      values: { inputs: inputs.length },
      fix: 'pass two values',
    });
  }
  if (logits.dtype !== 'float32' || other.dtype !== dtype) {
    throw new HeddleError({
      op,
      message: `logits are ${logits.dtype} and ${role} ${other.dtype}; they must be float32 and ${dtype}`,
      roles: ['logits', role],
      values: { logits: logits.dtype, [role]: other.dtype },
      fix: `cast(logits, 'float32'), cast(${role}, '${dtype}')`,
    });
  }
  if (logits.shape.length === 0 || sizeOf(logits.shape.slice(-1)) === 0) {
    throw new HeddleError({
      op,
      message: `logits ${showShape(logits.shape)} have no classes`,
      roles: ['logits'],
      values: { logits: logits.shape },
      fix: 'give logits of shape [..., classes] with at least one class',
    });
  }
  return [logits, other];
}

function requireShape(
  op: string,
  role: string,
  { shape }: TensorType,
  expected: Shape,
  logits: TensorType,
): void {
  if (sameShape(shape, expected)) return;
  throw new HeddleError({
    op,
    message: `logits ${showShape(logits.shape)} need ${role} ${showShape(expected)}, got ${showShape(shape)}`,
    roles: ['logits', role],
    values: { logits: logits.shape, [role]: shape },
    fix: `reshape the ${role} to ${showShape(expected)}`,
  });
}
