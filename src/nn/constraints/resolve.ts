/** From what a user or a file says to a constraint. */

import { isNamedFunction, resolveNamed } from '../named.js';
import {
  type Constraint,
  type ConstraintConfig,
  maxNorm,
  minMaxNorm,
  nonNeg,
  unitNorm,
} from './constraint.js';

/** A name, a constraint (an own one has `name`, `config` and `constrain`), the data of one as a file keeps it, or `null` for none. */
export type ConstraintSpec =
  | string
  | Constraint
  | { readonly name: string; readonly config: ConstraintConfig }
  | null;

const isConstraint = (spec: object): spec is Constraint => isNamedFunction(spec, 'constrain');

/**
 * The constraint that `spec` means; a bare name has its defaults.
 *
 * @param layer who asks, for the error: `dense 'hidden'`
 * @param role the option: `kernelConstraint`
 * @throws HeddleError for an unknown name (with the nearest one), options that it does not have, and anything that is no constraint.
 */
export const resolveConstraint = (
  layer: string,
  role: string,
  spec: ConstraintSpec | undefined,
): Constraint | null =>
  resolveNamed({
    layer,
    role,
    spec,
    kind: 'constraint',
    builtIn: { maxNorm, minMaxNorm, nonNeg, unitNorm },
    isWhole: isConstraint,
    example: 'constraints.maxNorm({ maxValue: 3 })',
  });
