/** The sums over rows and steps behind a recurrent layer's gradients, in base ops: of its weights, and of its dropout factors. */

import type { Value } from '../../ir/graph.js';
import { matmul } from '../matmul.js';
import { stack } from '../movement/concat.js';
import { mul } from '../pointwise/index.js';
import { expandDims, reshape, sum } from '../structural.js';
import { directionOf, factorsOf, shifted, sideBySide, statePart, withCarry } from './parts.js';
import type { ByRole, CellAttrs, RecurrentShape, Role, WeightGradientAttrs } from './shape.js';

type Values = ByRole<Value>;

export function weightGradientDecomposition(
  shape: RecurrentShape,
  attrs: WeightGradientAttrs,
  inputs: Values,
): Readonly<Partial<Record<Role, Value>>> {
  const dgates = inputs.dgates as Value;
  const inner = innerGradients(shape, attrs.directions, inputs);
  const recurrent = inner.map((gradient, direction) => {
    const h = statesBefore(shape, attrs.directions, inputs, direction);
    const factors = factorsOf(inputs, direction, shape, attrs);
    const seen = factors ? mul(h, expandDims(factors, { axis: 1 })) : h;
    return product(seen, gradient);
  });
  const columnSum = (gradient: Value): Value => sum(gradient, { axis: [0, 1] });
  return {
    dkernel: product(inputs.x as Value, dgates),
    drecurrentKernel: sideBySide(recurrent),
    dbias:
      attrs.cell === 'gru' ? stack([columnSum(dgates), columnSum(sideBySide(inner))]) : columnSum(dgates),
  };
}

/** The gradient of the factors: Σ over steps of h_previous ⊙ (gradients · Rᵀ), [B, D·H]. Inputs as those of the weights' gradient, and R. */
export function factorGradient(
  shape: RecurrentShape,
  attrs: Pick<CellAttrs, 'directions'>,
  inputs: Values,
): Value {
  const parts = innerGradients(shape, attrs.directions, inputs).map((gradient, direction) => {
    const kernel = directionOf(inputs.recurrentKernel as Value, direction, shape);
    const h = statesBefore(shape, attrs.directions, inputs, direction);
    const arriving = matmul(flat(gradient), kernel, { transposeB: true });
    return sum(mul(h, reshape(arriving, h.shape)), { axis: 1 });
  });
  return sideBySide(parts);
}

/** Per direction [B, T, G·H]: what the recurrent product gets. */
const innerGradients = (
  shape: RecurrentShape,
  directions: readonly boolean[],
  { dgates, dcarry }: Values,
): Value[] =>
  directions.map((_, direction) => {
    const gradient = directionOf(dgates as Value, direction, shape);
    return dcarry ? withCarry(gradient, directionOf(dcarry, direction, shape)) : gradient;
  });

/** h before each step, in time order: [B, T, H]. */
function statesBefore(
  shape: RecurrentShape,
  directions: readonly boolean[],
  { sequence, state }: Values,
  direction: number,
): Value {
  const initial = statePart(state, 0, direction, shape);
  return shifted(directionOf(sequence as Value, direction, shape), initial, directions[direction] === true);
}

/** aᵀ · b over rows and steps. */
const product = (a: Value, b: Value): Value => matmul(flat(a), flat(b), { transposeA: true });

/** [B, T, n] as [B·T, n]. */
export function flat(x: Value): Value {
  const [batch = 0, steps = 0, width = 0] = x.shape;
  return reshape(x, [batch * steps, width]);
}
