/** The forward pass as a graph: real tensors through the uses of layers. */

import { HeddleError, ops, type Tensor, type Update, type Variable, withScope } from '../engine/index.js';
import type { LayerGraph } from './graph.js';
import type { Flow, ForwardContext, Masks } from './layer-definition.js';
import { fitsFree, showFree } from './shapes.js';
import type { SymbolicTensor } from './symbolic.js';
import { isState } from './weights.js';

/** Where the random streams of layers begin; those of weights count from 0. */
const CALL_STREAMS = 0x4000_0000;
const STREAMS_PER_CALL = 16;

export interface Forward {
  readonly outputs: Tensor[];
  /** One for each output: float32 [batch, steps], 1 where a step counts; `null` where all do. */
  readonly masks: Masks;
  /** What layers hand out for weights that no optimizer changes, and for their states, one for each. */
  readonly updates: Update[];
}

/** Those of `updates` that count outside training: of states. */
export const statesOf = (updates: readonly Update[]): Update[] =>
  updates.filter(({ variable }) => isState(variable));

/** What a whole pass has in common. */
export type PassContext = Omit<ForwardContext, 'nextStream' | 'update'>;

/** One forward pass of a model, models within it included: `run` is given what each layer is told. */
export function forwardPass(
  context: PassContext,
  run: (context: ForwardContext) => readonly Flow[],
): Forward {
  const pending = new Map<Variable, Tensor>();
  let streams = CALL_STREAMS;
  const flows = run({
    ...context,
    nextStream: () => {
      const stream = streams;
      streams += STREAMS_PER_CALL;
      return stream;
    },
    update: (variable, next) => pending.set(variable, next(pending.get(variable) ?? variable)),
  });
  const [outputs, masks] = [flows.map(({ value }) => value), flows.map(({ mask }) => mask)];
  return { outputs, masks, updates: [...pending].map(([variable, value]) => ({ variable, value })) };
}

/** The outputs of `graph` for `x`, and their masks. Nodes carry the names of their layers. */
export function applyGraph(
  { inputs, outputs, calls }: LayerGraph,
  names: readonly string[],
  x: readonly Flow[],
  context: ForwardContext,
): Flow[] {
  const flows = new Map<SymbolicTensor, Flow>();
  inputs.forEach((symbolic, index) => {
    const { value, mask } = x[index] as Flow;
    flows.set(symbolic, { value: converted(names[index] ?? '', value, symbolic), mask });
  });
  const flowOf = (symbolic: SymbolicTensor): Flow => flows.get(symbolic) as Flow;
  for (const { layer, inputs: fed, outputs: made } of calls) {
    const results = withScope(layer.name, () => layer.call(fed.map(flowOf), context));
    made.forEach((symbolic, index) => {
      flows.set(symbolic, results[index] as Flow);
    });
  }
  // Only now: a layer that cannot take the shape says more about it than this does.
  inputs.forEach((symbolic, index) => {
    checkShape(names[index] ?? '', (x[index] as Flow).value, symbolic);
  });
  return outputs.map(flowOf);
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
