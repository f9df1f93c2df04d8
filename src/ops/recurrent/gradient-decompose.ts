/** The gradients of the recurrent sequences in base ops, so that they can be differentiated again. */

import type { Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import { matmul } from '../matmul.js';
import { split, stack } from '../movement/concat.js';
import { add, mul, sub } from '../pointwise/index.js';
import { broadcastTo } from '../structural.js';
import { type RecurrentActivation, recurrentActivation } from './activations.js';
import {
  directionOf,
  factorsOf,
  maskOf,
  shifted,
  sideBySide,
  statePart,
  whereCounts,
  withCarry,
} from './parts.js';
import type { ByRole, Cell, RecurrentShape, Role, SequenceGradientAttrs } from './shape.js';
import { unroll } from './unroll.js';

type Values = ByRole<Value>;

interface DirectionRun {
  readonly gates: Value;
  readonly carry: Value | undefined;
  readonly states: readonly Value[];
}

export function sequenceGradientDecomposition(
  shape: RecurrentShape,
  attrs: SequenceGradientAttrs,
  inputs: Values,
): Readonly<Partial<Record<Role, Value>>> {
  const runs = attrs.directions.map((_, direction) => oneDirection(shape, attrs, inputs, direction));
  const joined = (of: (run: DirectionRun) => Value): Value => sideBySide(runs.map(of));
  const states = shape.cell === 'lstm' ? [0, 1] : [0];
  return {
    dgates: joined(({ gates }) => gates),
    ...(shape.cell === 'gru' ? { dcarry: joined(({ carry }) => carry as Value) } : {}),
    dstate: stack(states.map((part) => joined((run) => run.states[part] as Value))),
  };
}

function oneDirection(
  shape: RecurrentShape,
  attrs: SequenceGradientAttrs,
  inputs: Values,
  direction: number,
): DirectionRun {
  const { cell, batch, units } = shape;
  const kernel = directionOf(inputs.recurrentKernel as Value, direction, shape);
  const factors = factorsOf(inputs, direction, shape, attrs);
  const mask = maskOf(inputs, shape, attrs);
  const backwards = attrs.directions[direction] === true;
  const activations: Activations = {
    act: recurrentActivation(attrs.activation),
    gate: recurrentActivation(attrs.recurrentActivation),
  };
  const final = (part: number): Value =>
    statePart(part === 0 || attrs.cellState ? inputs.dfinals : undefined, part, direction, shape);
  const none = (like: Value): Value => broadcastTo(scalar(0), like.shape);
  const kept = keptBy(shape, inputs, direction, backwards);
  const dsequence = inputs.dsequence && directionOf(inputs.dsequence, direction, shape);
  const dy = dsequence ?? broadcastTo(scalar(0), [batch, shape.steps, units]);
  const { sequences, states } = unroll(
    [dy, ...kept, ...(mask ? [mask] : [])],
    cell === 'lstm' ? [final(0), final(1)] : [final(0)],
    ([dyNow, ...rest], [after, dc]) => {
      const dh = add(after as Value, dyNow as Value);
      const counts = rest[kept.length];
      const step = STEPS[cell](activations, rest, dh, dc);
      const inner = step.carry ? withCarry(step.gates, step.carry) : step.gates;
      const product = matmul(inner, kernel, { transposeB: true });
      const through = factors ? mul(product, factors) : product;
      const onward = step.h ? add(step.h, through) : through;
      return {
        outputs: [step.gates, ...(step.carry ? [step.carry] : [])].map((now) =>
          whereCounts(counts, now, none(now)),
        ),
        states: [whereCounts(counts, onward, dh), ...(step.c && dc ? [whereCounts(counts, step.c, dc)] : [])],
      };
    },
    { goBackwards: !backwards },
  );
  const [gates, carry] = sequences;
  return { gates: gates as Value, carry, states };
}

/** What a step needs of the forward pass, each [B, T, ·] of one direction. */
function keptBy(shape: RecurrentShape, inputs: Values, direction: number, backwards: boolean): Value[] {
  const { cell } = shape;
  const part = (value: Value | undefined): Value => directionOf(value as Value, direction, shape);
  if (cell === 'simpleRnn') return [part(inputs.sequence)];
  const initial = statePart(inputs.state, cell === 'lstm' ? 1 : 0, direction, shape);
  const before = shifted(part(cell === 'lstm' ? inputs.carry : inputs.sequence), initial, backwards);
  return [part(inputs.gates), part(inputs.carry), before];
}

interface Activations {
  readonly act: RecurrentActivation;
  readonly gate: RecurrentActivation;
}

/** Of one step, each [B, ·]. */
interface StepGradient {
  /** In front of the activations: [B, G·H]. */
  readonly gates: Value;
  /** gru: of the recurrent part of n. */
  readonly carry: Value | null;
  /** What reaches the step before, beside the recurrent product. */
  readonly h: Value | null;
  readonly c: Value | null;
}

type Step = (
  activations: Activations,
  kept: readonly Value[],
  dh: Value,
  dc: Value | undefined,
) => StepGradient;

/** `kept` is one step of `keptBy`. */
const STEPS: Readonly<Record<Cell, Step>> = {
  simpleRnn: ({ act }, [y], dh) => ({ gates: act.back(dh, y as Value), carry: null, h: null, c: null }),
  lstm({ act, gate }, [gates, c, before], dh, dc) {
    const [i, f, g, o] = split(gates as Value, { sizes: 4, axis: 1 }) as [Value, Value, Value, Value];
    const y = act.apply(c as Value);
    const inner = add(dc as Value, act.back(mul(dh, o), y));
    const parts = [
      gate.back(mul(inner, g), i),
      gate.back(mul(inner, before as Value), f),
      act.back(mul(inner, i), g),
      gate.back(mul(dh, y), o),
    ];
    return { gates: sideBySide(parts), carry: null, h: null, c: mul(inner, f) };
  },
  gru({ act, gate }, [gates, recurrent, before], dh) {
    const [z, r, n] = split(gates as Value, { sizes: 3, axis: 1 }) as [Value, Value, Value];
    const dn = act.back(mul(dh, sub(1, z)), n);
    const dz = gate.back(mul(dh, sub(before as Value, n)), z);
    const dr = gate.back(mul(dn, recurrent as Value), r);
    return { gates: sideBySide([dz, dr, dn]), carry: mul(dn, r), h: mul(dh, z), c: null };
  },
};
