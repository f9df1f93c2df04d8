/** All steps of a recurrent layer as naive loops from the definitions of the cells: the oracle of the sequence kernels. */

import type { HostTensor } from '../../ir/graph.js';
import { recurrentActivation } from './activations.js';
import type { ByRole, RecurrentShape, SequenceAttrs } from './shape.js';
import { at, listOf, put, type Walk, walks } from './walk.js';

type Tensors = ByRole<HostTensor>;

/** Numbers of one direction and row: all units of the state h, and of lstm's cell state c. */
interface State {
  readonly h: number[];
  readonly c: number[];
}

/** One step: the next state, and what a backward pass keeps of it. */
interface Step extends State {
  /** [G][H], after their activations; none in a simpleRnn. */
  readonly gates: readonly (readonly number[])[];
  /** [H]: gru's recurrent part of n; lstm's next cell state. */
  readonly carry: readonly number[];
}

/** `actual`: outputs of a device. Where they are given, each step starts from what it made of the step before. */
export function sequenceReference(
  shape: RecurrentShape,
  attrs: SequenceAttrs,
  inputs: Tensors,
  outputs: Tensors,
  actual: Tensors = {},
): void {
  const { units } = shape;
  const kernel = new Float64Array(inputs.recurrentKernel?.data ?? []);
  for (const walk of walks(shape, attrs, inputs)) {
    const initial = (part: number): number[] =>
      listOf(units, (u) => inputs.state?.data[walk.stateAt(part, u)] ?? 0);
    let before: State = { h: initial(0), c: shape.cell === 'lstm' ? initial(1) : [] };
    let state = before;
    for (const t of walk.order) {
      const product = recurrentProduct(shape, kernel, walk, before.h);
      const step = stepOf(shape, attrs, inputs, walk, t, before, product);
      state = walk.counts(t) ? step : before;
      for (let u = 0; u < units; u++) {
        put(outputs.sequence, walk.unitAt(t, u), state.h[u]);
        put(outputs.carry, walk.unitAt(t, u), shape.cell === 'lstm' ? state.c[u] : step.carry[u]);
        step.gates.forEach((gate, g) => {
          put(outputs.gates, walk.gateAt(t, g, u), gate[u]);
        });
      }
      const known = (tensor: HostTensor | undefined, own: number[]): number[] =>
        tensor ? own.map((_, u) => tensor.data[walk.unitAt(t, u)] as number) : own;
      before = { h: known(actual.sequence, state.h), c: known(actual.carry, state.c) };
    }
    for (let u = 0; u < units; u++) {
      put(outputs.finals, walk.stateAt(0, u), state.h[u]);
      if (attrs.cellState) put(outputs.finals, walk.stateAt(1, u), state.c[u]);
    }
  }
}

function stepOf(
  { cell, units }: RecurrentShape,
  attrs: SequenceAttrs,
  inputs: Tensors,
  walk: Walk,
  t: number,
  { h, c }: State,
  product: (g: number, u: number) => number,
): Step {
  const act = recurrentActivation(attrs.activation).js;
  const gate = recurrentActivation(attrs.recurrentActivation).js;
  const input = (g: number, u: number): number =>
    (inputs.preactivations?.data[walk.gateAt(t, g, u)] as number) +
    (inputs.bias?.data[walk.column(g, u)] ?? 0); // gru's row 0
  const list = (of: (u: number) => number): number[] => listOf(units, of);
  if (cell === 'simpleRnn') {
    return { h: list((u) => act(input(0, u) + product(0, u))), c, gates: [], carry: [] };
  }
  if (cell === 'lstm') {
    const [i, f, o] = [0, 1, 3].map((g) => list((u) => gate(input(g, u) + product(g, u)))) as Three;
    const g = list((u) => act(input(2, u) + product(2, u)));
    const next = list((u) => at(f, u) * at(c, u) + at(i, u) * at(g, u));
    return { h: list((u) => at(o, u) * act(at(next, u))), c: next, gates: [i, f, g, o], carry: next };
  }
  const recurrentBias = (inputs.bias?.shape[1] ?? 0) as number; // where row 1 begins
  const recurrent = (g: number, u: number): number =>
    product(g, u) + (inputs.bias?.data[recurrentBias + walk.column(g, u)] ?? 0);
  const [z, r] = [0, 1].map((g) => list((u) => gate(input(g, u) + recurrent(g, u)))) as Two;
  const carry = list((u) => recurrent(2, u));
  const n = list((u) => act(input(2, u) + at(r, u) * at(carry, u)));
  const next = list((u) => at(z, u) * at(h, u) + (1 - at(z, u)) * at(n, u));
  return { h: next, c, gates: [z, r, n], carry };
}

type Two = [number[], number[]];
type Three = [number[], number[], number[]];

/** (h ⊙ factors) · R at gate g and unit u of the walk's direction. */
function recurrentProduct(
  { units, gates, directions }: RecurrentShape,
  kernel: Float64Array,
  walk: Walk,
  h: readonly number[],
): (g: number, u: number) => number {
  const sums = new Float64Array(gates * units);
  h.forEach((value, k) => {
    const seen = value * walk.factor(k);
    const row = k * directions * gates * units + walk.column(0, 0);
    for (let j = 0; j < sums.length; j++) sums[j] = (sums[j] as number) + seen * (kernel[row + j] as number);
  });
  return (g, u) => sums[g * units + u] as number;
}
