/** From symbolic inputs and outputs to the uses of layers between them, in order. */

import type { NumberRange } from '../data/spec.js';
import { HeddleError } from '../engine/index.js';
import type { AnyLayer } from './layer.js';
import type { OutputType } from './layer-definition.js';
import { fitsFree, showFree } from './shapes.js';
import { isSymbolic, type LayerCall, type SymbolicTensor } from './symbolic.js';

export interface LayerGraph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** In order of creation, so that each comes after what it needs. */
  readonly calls: readonly LayerCall[];
  /** Each once, in the order of their first use. */
  readonly layers: readonly AnyLayer[];
}

/**
 * @throws HeddleError for no inputs or outputs, inputs of different fixed batches, an input that is given twice or is the result of a layer, an output that depends on
 * an input which is not given, and an input that no output depends on.
 */
export function graphOf(
  op: string,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): LayerGraph {
  checkEnds(op, inputs, outputs);
  const seen = new Set<SymbolicTensor>();
  const calls = new Set<LayerCall>();
  const stack = [...outputs];
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    if (tensor.call) {
      calls.add(tensor.call);
      stack.push(...tensor.call.inputs);
    } else if (!inputs.includes(tensor)) {
      throw unconnected(
        op,
        `an output depends on an input ${describe(tensor)} that is not given`,
        'inputs',
        tensor,
      );
    }
  }
  const unused = inputs.find((tensor) => !seen.has(tensor));
  if (unused) throw unconnected(op, `no output depends on the input ${describe(unused)}`, 'outputs', unused);
  const ordered = [...calls].sort((a, b) => a.id - b.id);
  return { inputs, outputs, calls: ordered, layers: [...new Set(ordered.map(({ layer }) => layer))] };
}

/**
 * What the outputs of `graph` are for inputs of these types.
 *
 * @throws HeddleError for another number of inputs, and for shapes and dtypes that do not fit.
 */
export function outputTypes(
  op: string,
  graph: LayerGraph,
  given: readonly OutputType[],
): readonly OutputType[] {
  const types = typesOf(op, graph, given);
  return graph.outputs.map((symbolic) => types.get(symbolic) as OutputType);
}

/**
 * Which numbers the inputs of `graph` may hold, where they are of these types, as the layers say that they feed: for each input the
 * narrowest range, or `null`. Throws like `outputTypes`.
 */
export function inputRanges(
  op: string,
  graph: LayerGraph,
  given: readonly OutputType[],
): readonly (NumberRange | null)[] {
  const types = typesOf(op, graph, given);
  const ranges = new Map<SymbolicTensor, NumberRange>();
  for (const { layer, inputs: fed } of graph.calls) {
    const accepted = layer.accepts(fed.map((symbolic) => types.get(symbolic) as OutputType));
    accepted.forEach((range, index) => {
      const symbolic = fed[index] as SymbolicTensor;
      const known = ranges.get(symbolic);
      if (range && !(known && known.most <= range.most)) ranges.set(symbolic, range);
    });
  }
  return graph.inputs.map((symbolic) => ranges.get(symbolic) ?? null);
}

function typesOf(
  op: string,
  { inputs, calls }: LayerGraph,
  given: readonly OutputType[],
): ReadonlyMap<SymbolicTensor, OutputType> {
  const types = new Map<SymbolicTensor, OutputType>();
  const typeOf = (symbolic: SymbolicTensor): OutputType => types.get(symbolic) as OutputType;
  inputs.forEach((symbolic, index) => {
    const type = given[index];
    if (type && given.length === inputs.length && type.dtype === symbolic.dtype) {
      // Where the one is fixed, as for states that are kept, the other has to be.
      const free = type.shape[0] === null && symbolic.shape[0] !== null;
      if (!free && fitsFree(type.shape, symbolic.shape)) types.set(symbolic, type);
    }
    if (types.has(symbolic)) return;
    const show = (list: readonly OutputType[]): string =>
      list.map(({ shape, dtype }) => `${dtype} ${showFree(shape)}`).join(', ');
    throw new HeddleError({
      op,
      message: `it takes ${show(inputs)}, got ${show(given)}`,
      roles: ['inputs'],
      values: { expected: inputs.map(({ shape }) => shape), given: given.map(({ shape }) => shape) },
      fix: 'apply it to tensors like its inputs, one for each',
    });
  });
  for (const { layer, inputs: fed, outputs: made } of calls) {
    const results = layer.outputTypes(fed.map(typeOf));
    made.forEach((symbolic, index) => {
      types.set(symbolic, results[index] as OutputType);
    });
  }
  return types;
}

const describe = ({ name, shape }: SymbolicTensor): string =>
  (name === null ? '' : `'${name}' `) + showFree(shape);

function unconnected(
  op: string,
  message: string,
  role: string,
  { name, shape }: SymbolicTensor,
): HeddleError {
  return new HeddleError({
    op,
    message,
    roles: [role],
    values: { name, shape },
    fix: role === 'inputs' ? 'add it to inputs' : 'leave it out, or use it',
  });
}

function checkEnds(op: string, inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): void {
  for (const [role, list] of Object.entries({ inputs, outputs })) {
    if (list.length > 0 && list.every(isSymbolic)) continue;
    throw new HeddleError({
      op,
      message:
        list.length === 0 ? `there are no ${role}` : `${role} holds something that is no symbolic tensor`,
      roles: [role],
      values: { [role]: list.length },
      fix: 'pass what layers.input() and layer.apply() give',
    });
  }
  const batches = new Set(inputs.map(({ shape }) => shape[0] ?? null).filter((batch) => batch !== null));
  if (batches.size > 1) {
    throw new HeddleError({
      op,
      message: `its inputs have batches of ${[...batches].join(' and ')}`,
      roles: ['inputs', 'batchSize'],
      values: { batches: [...batches] },
      fix: 'give all inputs the same batchSize',
    });
  }
  const computed = inputs.find((tensor) => tensor.call !== null);
  const twice = inputs.find((tensor, index) => inputs.indexOf(tensor) !== index);
  const wrong = computed ?? twice;
  if (!wrong) return;
  throw new HeddleError({
    op,
    message: computed
      ? `an input is the output of ${computed.call?.layer.label}`
      : `the input ${describe(wrong)} is given twice`,
    roles: ['inputs'],
    values: { name: wrong.name, shape: wrong.shape },
    fix: computed ? 'give the tensors that layers.input() made' : 'give it once',
  });
}
