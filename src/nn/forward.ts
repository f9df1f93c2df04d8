/** The forward pass as a graph: real tensors through the uses of layers. */

import { HeddleError, ops, type Tensor, type Update, type Variable, withScope } from '../engine/index.js';
import type { LayerGraph } from './graph.js';
import type { ForwardContext } from './layer-definition.js';
import { fitsFree, showFree } from './shapes.js';
import type { SymbolicTensor } from './symbolic.js';

/** Where the random streams of layers begin; those of weights count from 0. */
const CALL_STREAMS = 0x4000_0000;
const STREAMS_PER_CALL = 16;

export interface Forward {
  readonly outputs: Tensor[];
  /** What layers hand out for weights that no optimizer changes, one for each weight. */
  readonly updates: Update[];
}

/** What a whole pass has in common. */
export type PassContext = Omit<ForwardContext, 'nextStream' | 'update'>;

/** One forward pass of a model, models within it included: `run` is given what each layer is told. */
export function forwardPass(context: PassContext, run: (context: ForwardContext) => Tensor[]): Forward {
  const pending = new Map<Variable, Tensor>();
  let streams = CALL_STREAMS;
  const outputs = run({
    ...context,
    nextStream: () => {
      const stream = streams;
      streams += STREAMS_PER_CALL;
      return stream;
    },
    update: (variable, next) => pending.set(variable, next(pending.get(variable) ?? variable)),
  });
  return { outputs, updates: [...pending].map(([variable, value]) => ({ variable, value })) };
}

/** The outputs of `graph` for `x`. Nodes carry the names of their layers. */
export function applyGraph(
  { inputs, outputs, calls }: LayerGraph,
  names: readonly string[],
  x: readonly Tensor[],
  context: ForwardContext,
): Tensor[] {
  const values = new Map<SymbolicTensor, Tensor>();
  inputs.forEach((symbolic, index) => {
    values.set(symbolic, converted(names[index] ?? '', x[index] as Tensor, symbolic));
  });
  const tensorOf = (symbolic: SymbolicTensor): Tensor => values.get(symbolic) as Tensor;
  for (const { layer, inputs: fed, outputs: made } of calls) {
    const results = withScope(layer.name, () => layer.call(fed.map(tensorOf), context));
    made.forEach((symbolic, index) => {
      values.set(symbolic, results[index] as Tensor);
    });
  }
  // Only now: a layer that cannot take the shape says more about it than this does.
  inputs.forEach((symbolic, index) => {
    checkShape(names[index] ?? '', x[index] as Tensor, symbolic);
  });
  return outputs.map(tensorOf);
}

function converted(name: string, x: Tensor, { dtype }: SymbolicTensor): Tensor {
  if (x.dtype === dtype) return x;
  if (x.dtype === 'uint8') return withScope(name, () => ops.cast(x, dtype));
  throw new HeddleError({
    op: `input '${name}'`,
    message: `it is ${dtype}, the tensor ${x.dtype}`,
    roles: ['x'],
    values: { expected: dtype, actual: x.dtype },
    fix: `ops.cast(x, '${dtype}'), or layers.input({ dtype: '${x.dtype}' })`,
  });
}

function checkShape(name: string, x: Tensor, { shape }: SymbolicTensor): void {
  if (fitsFree(x.shape, shape)) return;
  throw new HeddleError({
    op: `input '${name}'`,
    message: `it expects ${showFree(shape)}, the tensor is ${showFree(x.shape)}`,
    roles: ['x'],
    values: { expected: shape, actual: x.shape },
    fix: 'reshape the tensor, or make the model with another inputShape',
  });
}
