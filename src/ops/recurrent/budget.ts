/** A reference and a bound of errors as all that an op says of its numbers: their values, and both halves of their budget. */

import { EPSILON } from '../../core/budgets.js';
import type { HostTensor, TensorType } from '../../ir/graph.js';
import type { OpDef } from '../../ir/op.js';
import type { BoundedInputs } from './bound.js';
import { type ByRole, byRole, type RecurrentShape, type Role } from './shape.js';

type Tensors = ByRole<HostTensor>;

export interface Numbers<A> {
  shape(inputs: readonly TensorType[], attrs: A): RecurrentShape;
  inputs(attrs: A): readonly Role[];
  readonly outputs: readonly Role[];
  /** Fills the outputs. */
  reference(shape: RecurrentShape, attrs: A, inputs: Tensors, outputs: Tensors, actual?: Tensors): void;
  /** Writes the error of every output's element. */
  bound(
    shape: RecurrentShape,
    attrs: A,
    inputs: BoundedInputs,
    outputs: ByRole<Float64Array>,
    actual?: Tensors,
  ): void;
}

export function numbersOf<A extends object>({
  shape,
  inputs: roles,
  outputs: made,
  reference,
  bound,
}: Numbers<A>): Pick<OpDef<A>, 'reference' | 'magnitude' | 'carry' | 'following' | 'terms'> {
  /** Errors of the outputs in units of their own; of the inputs' errors alone where these are given. */
  const errorsOf = (
    inputs: readonly HostTensor[],
    lengths: readonly HostTensor[],
    attrs: A,
    { errors, actual = {} }: { errors?: readonly Float64Array[]; actual?: Tensors },
  ): Float64Array[] => {
    const found = lengths.map(({ data }) => new Float64Array(data.length));
    const own = roles(attrs);
    const given = {
      tensors: byRole(own, inputs),
      errors: errors ? byRole(own, errors) : {},
      epsilon: errors ? 0 : EPSILON,
    };
    bound(shape(inputs, attrs), attrs, given, byRole(made, found), actual);
    return found;
  };
  return {
    reference(inputs, outputs, attrs) {
      reference(shape(inputs, attrs), attrs, byRole(roles(attrs), inputs), byRole(made, outputs));
    },
    magnitude(inputs, outputs, attrs) {
      errorsOf(inputs, outputs, attrs, {}).forEach((list, index) => {
        outputs[index]?.data.set(list.map((error) => error / EPSILON));
      });
    },
    carry: (inputs, errors, outputs, attrs) => errorsOf(inputs, outputs, attrs, { errors }),
    following(inputs, actual, outputs, attrs) {
      const present = made.flatMap((role, index) => (actual[index] ? [[role, actual[index]]] : []));
      const known: Tensors = Object.fromEntries(present);
      reference(shape(inputs, attrs), attrs, byRole(roles(attrs), inputs), byRole(made, outputs), known);
      return errorsOf(inputs, outputs, attrs, { actual: known });
    },
    // The recurrence is in the bound; what is left is how many numbers flushed to zero may meet in a result.
    terms(inputs, attrs) {
      const { units, steps, gates } = shape(inputs, attrs);
      return units * gates * steps;
    },
  };
}
