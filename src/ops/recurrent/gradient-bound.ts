/** How far a float32 device may be from the gradients of the sequences: as for the sequences, from the last step to the first. */

import type { HostTensor } from '../../ir/graph.js';
import { recurrentActivation } from './activations.js';
import {
  activated,
  type Bound,
  type BoundedInputs,
  complement,
  element,
  exactly,
  kernelPart,
  NOTHING,
  product,
  putError,
  slopeAt,
  sum,
} from './bound.js';
import type { ByRole, RecurrentShape, Role, SequenceGradientAttrs } from './shape.js';
import { at, listOf, type Walk, walks } from './walk.js';

/** As in the reference: of one step, in front of the activations [G][H]; gru's carry; what goes on to h and c. */
interface StepGradient {
  readonly gates: readonly (readonly Bound[])[];
  readonly carry: readonly Bound[];
  readonly h: readonly Bound[];
  readonly c: readonly Bound[];
}

/** Writes the error of every output's element into `outputs`. What `actual` has of a step goes through R to the step before, without error. */
export function sequenceGradientBound(
  shape: RecurrentShape,
  attrs: SequenceGradientAttrs,
  inputs: BoundedInputs,
  outputs: ByRole<Float64Array>,
  actual: ByRole<HostTensor> = {},
): void {
  const { cell, units, gates } = shape;
  const { epsilon } = inputs;
  for (const walk of walks(shape, attrs, inputs.tensors)) {
    const kernel = kernelPart(inputs, walk, gates * units);
    const final = (part: number): Bound[] =>
      listOf(units, (u) =>
        part === 0 || attrs.cellState ? element(inputs, 'dfinals', walk.stateAt(part, u)) : NOTHING,
      );
    let dh = final(0);
    let dc = cell === 'lstm' ? final(1) : [];
    for (let position = walk.order.length - 1; position >= 0; position--) {
      const t = walk.order[position] as number;
      if (attrs.dsequence) {
        dh = dh.map((own, u) => sum([own, element(inputs, 'dsequence', walk.unitAt(t, u))], epsilon));
      }
      const step = walk.counts(t)
        ? stepGradient(shape, attrs, inputs, walk, t, walk.order[position - 1], dh, dc)
        : null;
      for (let u = 0; u < units; u++) {
        for (let g = 0; g < gates; g++) {
          putError(outputs.dgates, walk.gateAt(t, g, u), step?.gates[g]?.[u]);
        }
        putError(outputs.dcarry, walk.unitAt(t, u), step?.carry[u]);
      }
      if (!step) continue;
      const inner = cell === 'gru' ? [...step.gates.slice(0, 2), step.carry] : step.gates;
      const known = inner.map((own, g) =>
        own.map((bound, u) => {
          const carried = cell === 'gru' && g === 2;
          const tensor = carried ? actual.dcarry : actual.dgates;
          const value = tensor?.data[carried ? walk.unitAt(t, u) : walk.gateAt(t, g, u)];
          return value === undefined ? bound : exactly(value);
        }),
      );
      const back = kernel.backward(known.flat());
      dh = cell === 'gru' ? back.map((own, u) => sum([own, at(step.h, u)], epsilon)) : [...back];
      dc = [...step.c];
    }
    for (let u = 0; u < units; u++) {
      putError(outputs.dstate, walk.stateAt(0, u), dh[u]);
      if (cell === 'lstm') putError(outputs.dstate, walk.stateAt(1, u), dc[u]);
    }
  }
}

function stepGradient(
  { cell, units }: RecurrentShape,
  attrs: SequenceGradientAttrs,
  inputs: BoundedInputs,
  walk: Walk,
  t: number,
  before: number | undefined,
  dh: readonly Bound[],
  dc: readonly Bound[],
): StepGradient {
  const { epsilon } = inputs;
  const act = recurrentActivation(attrs.activation);
  const gate = recurrentActivation(attrs.recurrentActivation);
  const times = (...factors: [Bound, ...Bound[]]): Bound =>
    factors.reduce((all, factor) => product(all, factor, epsilon));
  const plus = (...terms: Bound[]): Bound => sum(terms, epsilon);
  const actSlope = (y: Bound): Bound => slopeAt(act, y, epsilon);
  const gateSlope = (y: Bound): Bound => slopeAt(gate, y, epsilon);
  const list = (of: (u: number) => Bound): Bound[] => listOf(units, of);
  const gateOf = (g: number, u: number): Bound => element(inputs, 'gates', walk.gateAt(t, g, u));
  const carryOf = (u: number): Bound => element(inputs, 'carry', walk.unitAt(t, u));
  const previous = (role: Role, part: number, u: number): Bound =>
    before === undefined
      ? element(inputs, 'state', walk.stateAt(part, u))
      : element(inputs, role, walk.unitAt(before, u));
  if (cell === 'simpleRnn') {
    const y = (u: number): Bound => element(inputs, 'sequence', walk.unitAt(t, u));
    return { gates: [list((u) => times(at(dh, u), actSlope(y(u))))], carry: [], h: [], c: [] };
  }
  if (cell === 'lstm') {
    const y = list((u) => activated(act, carryOf(u), epsilon));
    const inner = list((u) => plus(at(dc, u), times(at(dh, u), gateOf(3, u), actSlope(at(y, u)))));
    const gates = [
      list((u) => times(at(inner, u), gateOf(2, u), gateSlope(gateOf(0, u)))),
      list((u) => times(at(inner, u), previous('carry', 1, u), gateSlope(gateOf(1, u)))),
      list((u) => times(at(inner, u), gateOf(0, u), actSlope(gateOf(2, u)))),
      list((u) => times(at(dh, u), at(y, u), gateSlope(gateOf(3, u)))),
    ];
    return { gates, carry: [], h: [], c: list((u) => times(at(inner, u), gateOf(1, u))) };
  }
  const dn = list((u) => times(at(dh, u), complement(gateOf(0, u), epsilon), actSlope(gateOf(2, u))));
  const apart = (u: number): Bound => {
    const n = gateOf(2, u);
    return plus(previous('sequence', 0, u), { value: -n.value, error: n.error });
  };
  const gates = [
    list((u) => times(at(dh, u), apart(u), gateSlope(gateOf(0, u)))),
    list((u) => times(at(dn, u), carryOf(u), gateSlope(gateOf(1, u)))),
    dn,
  ];
  const carry = list((u) => times(at(dn, u), gateOf(1, u)));
  return { gates, carry, h: list((u) => times(at(dh, u), gateOf(0, u))), c: [] };
}
