/**
 * How far a float32 device may be from the sequences: at each step the rounding of the pre-activations, the error of the state before it
 * through |R|, and what the activations make of both. Where weights are contractive the errors of early steps fade, as they do in fact.
 */

import type { HostTensor } from '../../ir/graph.js';
import { recurrentActivation } from './activations.js';
import {
  activated,
  type Bound,
  type BoundedInputs,
  complement,
  element,
  exactly,
  type KernelPart,
  kernelPart,
  product,
  putError,
  sum,
} from './bound.js';
import type { ByRole, RecurrentShape, SequenceAttrs } from './shape.js';
import { at, listOf, type Walk, walks } from './walk.js';

interface State {
  readonly h: readonly Bound[];
  readonly c: readonly Bound[];
}

interface Step extends State {
  readonly gates: readonly (readonly Bound[])[];
  readonly carry: readonly Bound[];
}

/** Writes the error of every output's element into `outputs`. What `actual` has of a step is what the next one starts from, without error. */
export function sequenceBound(
  shape: RecurrentShape,
  attrs: SequenceAttrs,
  inputs: BoundedInputs,
  outputs: ByRole<Float64Array>,
  actual: ByRole<HostTensor> = {},
): void {
  const { cell, units } = shape;
  for (const walk of walks(shape, attrs, inputs.tensors)) {
    const kernel = kernelPart(inputs, walk, shape.gates * units);
    const initial = (part: number): Bound[] =>
      listOf(units, (u) => element(inputs, 'state', walk.stateAt(part, u)));
    let before: State = { h: initial(0), c: cell === 'lstm' ? initial(1) : [] };
    let state = before;
    for (const t of walk.order) {
      const step = stepOf(shape, attrs, inputs, walk, kernel, t, before);
      state = walk.counts(t) ? step : before;
      for (let u = 0; u < units; u++) {
        putError(outputs.sequence, walk.unitAt(t, u), state.h[u]);
        putError(outputs.carry, walk.unitAt(t, u), cell === 'lstm' ? state.c[u] : step.carry[u]);
        step.gates.forEach((gate, g) => {
          putError(outputs.gates, walk.gateAt(t, g, u), gate[u]);
        });
      }
      const known = (tensor: HostTensor | undefined, own: readonly Bound[]): readonly Bound[] =>
        tensor ? own.map((_, u) => exactly(tensor.data[walk.unitAt(t, u)] as number)) : own;
      before = { h: known(actual.sequence, state.h), c: known(actual.carry, state.c) };
    }
    for (let u = 0; u < units; u++) {
      putError(outputs.finals, walk.stateAt(0, u), state.h[u]);
      if (attrs.cellState) putError(outputs.finals, walk.stateAt(1, u), state.c[u]);
    }
  }
}

function stepOf(
  { cell, units }: RecurrentShape,
  attrs: SequenceAttrs,
  inputs: BoundedInputs,
  walk: Walk,
  kernel: KernelPart,
  t: number,
  { h, c }: State,
): Step {
  const { epsilon } = inputs;
  const act = (x: Bound): Bound => activated(recurrentActivation(attrs.activation), x, epsilon);
  const gate = (x: Bound): Bound => activated(recurrentActivation(attrs.recurrentActivation), x, epsilon);
  const width = inputs.tensors.bias?.shape[1] ?? 0;
  const bias = (row: number, g: number, u: number): Bound =>
    element(inputs, 'bias', row * width + walk.column(g, u));
  const input = (g: number, u: number): Bound[] => [
    element(inputs, 'preactivations', walk.gateAt(t, g, u)),
    ...(width > 0 ? [bias(0, g, u)] : []), // gru's row 0
  ];
  const sums = kernel.forward(h, (column) => {
    const [g, u] = [Math.floor(column / units), column % units];
    const own = width > 0 ? [bias(1, g, u)] : [];
    return cell === 'gru' && g === 2 ? own : [...input(g, u), ...own];
  });
  const sumOf = (g: number, u: number): Bound => sums[g * units + u] as Bound;
  const plus = (...terms: Bound[]): Bound => sum(terms, epsilon);
  const times = (a: Bound, b: Bound): Bound => product(a, b, epsilon);
  const list = (of: (u: number) => Bound): Bound[] => listOf(units, of);
  if (cell === 'simpleRnn') return { h: list((u) => act(sumOf(0, u))), c, gates: [], carry: [] };
  if (cell === 'lstm') {
    const [i, f, g, o] = [0, 1, 2, 3].map((index) =>
      list((u) => (index === 2 ? act : gate)(sumOf(index, u))),
    ) as [Bound[], Bound[], Bound[], Bound[]];
    const next = list((u) => plus(times(at(f, u), at(c, u)), times(at(i, u), at(g, u))));
    return { h: list((u) => times(at(o, u), act(at(next, u)))), c: next, gates: [i, f, g, o], carry: next };
  }
  const [z, r] = [0, 1].map((g) => list((u) => gate(sumOf(g, u)))) as [Bound[], Bound[]];
  const carry = list((u) => sumOf(2, u));
  const n = list((u) => act(plus(...input(2, u), times(at(r, u), at(carry, u)))));
  const next = list((u) => plus(times(at(z, u), at(h, u)), times(complement(at(z, u), epsilon), at(n, u))));
  return { h: next, c, gates: [z, r, n], carry };
}
