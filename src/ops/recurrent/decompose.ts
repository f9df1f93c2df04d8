/** The recurrent sequences unrolled into base ops: their meaning, beside the naive loops. */

import type { Value } from '../../ir/graph.js';
import { matmul } from '../matmul.js';
import { split, stack } from '../movement/concat.js';
import { add, mul, sub } from '../pointwise/index.js';
import { recurrentActivation } from './activations.js';
import { directionOf, factorsOf, maskOf, sideBySide, statePart, whereCounts } from './parts.js';
import type { ByRole, RecurrentShape, Role, SequenceAttrs } from './shape.js';
import { unroll } from './unroll.js';

type Values = ByRole<Value>;

/** One step of a cell. */
interface CellStep {
  readonly h: Value;
  /** lstm alone. */
  readonly c: Value | null;
  /** [B, G·H], after their activations. */
  readonly gates: Value;
  /** What `carry` holds beside lstm's c. */
  readonly recurrent: Value | null;
}

/** What the cells compute with: numbers of one direction. */
interface Cells {
  readonly act: (x: Value) => Value;
  readonly gate: (x: Value) => Value;
}

export function sequenceDecomposition(
  shape: RecurrentShape,
  attrs: SequenceAttrs,
  inputs: Values,
): Readonly<Partial<Record<Role, Value>>> {
  const runs = attrs.directions.map((backwards, direction) =>
    oneDirection(shape, attrs, inputs, direction, backwards),
  );
  const joined = (of: (run: DirectionRun) => Value): Value => sideBySide(runs.map(of));
  const finals = [joined(({ h }) => h), ...(attrs.cellState ? [joined(({ c }) => c as Value)] : [])];
  return {
    sequence: joined(({ sequence }) => sequence),
    finals: stack(finals),
    ...(shape.cell === 'simpleRnn'
      ? {}
      : { gates: joined(({ gates }) => gates as Value), carry: joined(({ carry }) => carry as Value) }),
  };
}

interface DirectionRun {
  readonly sequence: Value;
  readonly gates: Value | undefined;
  readonly carry: Value | undefined;
  readonly h: Value;
  readonly c: Value | undefined;
}

function oneDirection(
  shape: RecurrentShape,
  attrs: SequenceAttrs,
  inputs: Values,
  direction: number,
  goBackwards: boolean,
): DirectionRun {
  const { cell, gates } = shape;
  const part = (value: Value | undefined): Value => directionOf(value as Value, direction, shape);
  const kernel = part(inputs.recurrentKernel);
  const [inputBias, recurrentBias] = inputs.bias ? split(part(inputs.bias), { sizes: 2 }) : [];
  const factors = factorsOf(inputs, direction, shape, attrs);
  const mask = maskOf(inputs, shape, attrs);
  const cells: Cells = {
    act: recurrentActivation(attrs.activation).apply,
    gate: recurrentActivation(attrs.recurrentActivation).apply,
  };
  const initial = [0, 1]
    .slice(0, cell === 'lstm' ? 2 : 1)
    .map((index) => statePart(inputs.state, index, direction, shape));
  const { sequences, states } = unroll(
    [part(inputs.preactivations), ...(mask ? [mask] : [])],
    initial,
    ([pre, counts], [h, c]) => {
      const seen = factors ? mul(h as Value, factors) : (h as Value);
      const x = split(plus(pre as Value, inputBias), { sizes: gates, axis: 1 });
      const product = plus(matmul(seen, kernel), recurrentBias); // [B, G·H]
      const step = CELLS[cell](cells, x, split(product, { sizes: gates, axis: 1 }), h as Value, c);
      const next = whereCounts(counts, step.h, h as Value);
      if (!step.c || !c) {
        const kept = cell === 'gru' ? [step.gates, step.recurrent as Value] : [];
        return { outputs: [next, ...kept], states: [next] };
      }
      const nextC = whereCounts(counts, step.c, c);
      return { outputs: [next, step.gates, nextC], states: [next, nextC] };
    },
    { goBackwards },
  );
  const [sequence, gatesSequence, carry] = sequences;
  const [h, c] = states;
  return { sequence: sequence as Value, gates: gatesSequence, carry, h: h as Value, c };
}

type Cell = (
  cells: Cells,
  x: readonly Value[],
  product: readonly Value[],
  h: Value,
  c: Value | undefined,
) => CellStep;

/** `x` and `product` are the gates' parts, [B, H] each. */
const CELLS: Readonly<Record<RecurrentShape['cell'], Cell>> = {
  simpleRnn({ act }, [x], [product]) {
    const h = act(add(x as Value, product as Value));
    return { h, c: null, gates: h, recurrent: null };
  },
  lstm({ act, gate }, x, product, _, c) {
    const [i, f, g, o] = x.map((part, index) => {
      const sum = add(part, product[index] as Value);
      return index === 2 ? act(sum) : gate(sum);
    }) as [Value, Value, Value, Value];
    const next = add(mul(f, c as Value), mul(i, g));
    return { h: mul(o, act(next)), c: next, gates: sideBySide([i, f, g, o]), recurrent: null };
  },
  gru({ act, gate }, [xz, xr, xn], [hz, hr, hn], h) {
    const z = gate(add(xz as Value, hz as Value));
    const r = gate(add(xr as Value, hr as Value));
    const n = act(add(xn as Value, mul(r, hn as Value)));
    const next = add(mul(z, h), mul(sub(1, z), n));
    return { h: next, c: null, gates: sideBySide([z, r, n]), recurrent: hn as Value };
  },
};

const plus = (x: Value, bias: Value | undefined): Value => (bias ? add(x, bias) : x);
