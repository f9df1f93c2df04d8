/** Back through all steps of a recurrent layer as naive loops: the oracle of the gradient kernels. */

import type { HostTensor } from '../../ir/graph.js';
import { recurrentActivation } from './activations.js';
import type { ByRole, RecurrentShape, SequenceGradientAttrs } from './shape.js';
import { at, listOf, put, read, type Walk, walks } from './walk.js';

type Tensors = ByRole<HostTensor>;

/** Gradients of one step of one row: gates before their activations [G][H], gru's recurrent part of n, and what reaches the step before. */
interface StepGradient {
  readonly gates: readonly (readonly number[])[];
  readonly carry: readonly number[];
  /** What reaches the previous h beside the recurrent product. */
  readonly h: readonly number[];
  readonly c: readonly number[];
}

/** `actual`: outputs of a device. Where they are given, what it made of a step goes through R to the step before. */
export function sequenceGradientReference(
  shape: RecurrentShape,
  attrs: SequenceGradientAttrs,
  inputs: Tensors,
  outputs: Tensors,
  actual: Tensors = {},
): void {
  const { cell, units } = shape;
  const kernel = new Float64Array(inputs.recurrentKernel?.data ?? []);
  for (const walk of walks(shape, attrs, inputs)) {
    const final = (part: number): number[] =>
      listOf(units, (u) => read(attrs.dfinals ? inputs.dfinals : undefined, walk.stateAt(part, u)));
    let dh = final(0);
    let dc = cell === 'lstm' ? (attrs.cellState ? final(1) : listOf(units, () => 0)) : [];
    for (let position = walk.order.length - 1; position >= 0; position--) {
      const t = walk.order[position] as number;
      dh = dh.map((value, u) => value + read(inputs.dsequence, walk.unitAt(t, u)));
      const counts = walk.counts(t);
      const step = counts
        ? stepGradient(shape, attrs, inputs, walk, t, walk.order[position - 1], dh, dc)
        : null;
      for (let u = 0; u < units; u++) {
        for (let g = 0; g < shape.gates; g++) {
          put(outputs.dgates, walk.gateAt(t, g, u), step?.gates[g]?.[u] ?? 0);
        }
        put(outputs.dcarry, walk.unitAt(t, u), step?.carry[u] ?? 0);
      }
      if (!step) continue;
      const inner = cell === 'gru' ? [...step.gates.slice(0, 2), step.carry] : step.gates;
      const known = inner.map((own, g) =>
        own.map((value, u) => {
          const carried = cell === 'gru' && g === 2;
          const tensor = carried ? actual.dcarry : actual.dgates;
          return tensor?.data[carried ? walk.unitAt(t, u) : walk.gateAt(t, g, u)] ?? value;
        }),
      );
      const back = throughRecurrentKernel(shape, kernel, walk, known);
      dh = listOf(units, (u) => at(step.h, u) + back(u));
      dc = [...step.c];
    }
    for (let u = 0; u < units; u++) {
      put(outputs.dstate, walk.stateAt(0, u), dh[u]);
      if (cell === 'lstm') put(outputs.dstate, walk.stateAt(1, u), dc[u]);
    }
  }
}

function stepGradient(
  { cell, units }: RecurrentShape,
  attrs: SequenceGradientAttrs,
  inputs: Tensors,
  walk: Walk,
  t: number,
  before: number | undefined,
  dh: readonly number[],
  dc: readonly number[],
): StepGradient {
  const act = recurrentActivation(attrs.activation);
  const gate = recurrentActivation(attrs.recurrentActivation);
  const list = (of: (u: number) => number): number[] => listOf(units, of);
  const gateOf = (g: number, u: number): number => read(inputs.gates, walk.gateAt(t, g, u));
  // `part` of the state that the step started from.
  const previous = (tensor: HostTensor | undefined, part: number, u: number): number =>
    before === undefined ? read(inputs.state, walk.stateAt(part, u)) : read(tensor, walk.unitAt(before, u));
  if (cell === 'simpleRnn') {
    const y = (u: number): number => read(inputs.sequence, walk.unitAt(t, u));
    const gates = [list((u) => at(dh, u) * act.slope(y(u)))];
    return { gates, carry: [], h: list(() => 0), c: [] };
  }
  if (cell === 'lstm') {
    const [i, f, g, o] = [0, 1, 2, 3].map((index) => list((u) => gateOf(index, u))) as Four;
    const y = list((u) => act.js(read(inputs.carry, walk.unitAt(t, u))));
    const inner = list((u) => at(dc, u) + at(dh, u) * at(o, u) * act.slope(at(y, u)));
    const gates = [
      list((u) => at(inner, u) * at(g, u) * gate.slope(at(i, u))),
      list((u) => at(inner, u) * previous(inputs.carry, 1, u) * gate.slope(at(f, u))),
      list((u) => at(inner, u) * at(i, u) * act.slope(at(g, u))),
      list((u) => at(dh, u) * at(y, u) * gate.slope(at(o, u))),
    ];
    return { gates, carry: [], h: list(() => 0), c: list((u) => at(inner, u) * at(f, u)) };
  }
  const [z, r, n] = [0, 1, 2].map((index) => list((u) => gateOf(index, u))) as Three;
  const dn = list((u) => at(dh, u) * (1 - at(z, u)) * act.slope(at(n, u)));
  const gates = [
    list((u) => at(dh, u) * (previous(inputs.sequence, 0, u) - at(n, u)) * gate.slope(at(z, u))),
    list((u) => at(dn, u) * read(inputs.carry, walk.unitAt(t, u)) * gate.slope(at(r, u))),
    dn,
  ];
  const carry = list((u) => at(dn, u) * at(r, u));
  return { gates, carry, h: list((u) => at(dh, u) * at(z, u)), c: [] };
}

type Three = [number[], number[], number[]];
type Four = [number[], number[], number[], number[]];

/** (Σ over gates and units of gradient · Rᵀ) ⊙ factors at unit k. */
function throughRecurrentKernel(
  { units, gates, directions }: RecurrentShape,
  kernel: Float64Array,
  walk: Walk,
  gradients: readonly (readonly number[])[],
): (k: number) => number {
  const list = Float64Array.from(gradients.flat()); // [G·H]
  return (k) => {
    const row = k * directions * gates * units + walk.column(0, 0);
    let sum = 0;
    for (let j = 0; j < list.length; j++) sum += (list[j] as number) * (kernel[row + j] as number);
    return sum * walk.factor(k);
  };
}
