/** A bound of errors as the two halves of an op's budget: what its own rounding does, and what its inputs' errors do. */

import { EPSILON } from '../../core/budgets.js';
import type { TensorType } from '../../ir/graph.js';
import type { OpDef } from '../../ir/op.js';
import type { BoundedInputs } from './bound.js';
import { type ByRole, byRole, type RecurrentShape, type Role } from './shape.js';

export interface Budgeted<A> {
  shape(inputs: readonly TensorType[], attrs: A): RecurrentShape;
  inputs(attrs: A): readonly Role[];
  readonly outputs: readonly Role[];
  /** Writes the error of every output's element. */
  bound(shape: RecurrentShape, attrs: A, inputs: BoundedInputs, outputs: ByRole<Float64Array>): void;
}

export const budgetOf = <A extends object>({
  shape,
  inputs: roles,
  outputs: made,
  bound,
}: Budgeted<A>): Pick<OpDef<A>, 'magnitude' | 'carry' | 'terms'> => ({
  magnitude(inputs, outputs, attrs) {
    const errors = outputs.map(({ data }) => new Float64Array(data.length));
    const given = { tensors: byRole(roles(attrs), inputs), errors: {}, epsilon: EPSILON };
    bound(shape(inputs, attrs), attrs, given, byRole(made, errors));
    errors.forEach((list, index) => {
      outputs[index]?.data.set(list.map((error) => error / EPSILON));
    });
  },
  carry(inputs, errors, outputs, attrs) {
    const moved = outputs.map(({ data }) => new Float64Array(data.length));
    const own = roles(attrs);
    const given = { tensors: byRole(own, inputs), errors: byRole(own, errors), epsilon: 0 };
    bound(shape(inputs, attrs), attrs, given, byRole(made, moved));
    return moved;
  },
  // The recurrence is in the bound; what is left is how many numbers flushed to zero may meet in a result.
  terms(inputs, attrs) {
    const { units, steps, gates } = shape(inputs, attrs);
    return units * gates * steps;
  },
});
