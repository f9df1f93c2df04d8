/** What layers let their users choose for each weight: `kernelInitializer`, `kernelRegularizer`, `kernelConstraint`. */

import type { Shape, Variable } from '../../engine/index.js';
import { type ConstraintSpec, resolveConstraint } from '../constraints/resolve.js';
import { type InitializerSpec, resolveInitializer } from '../initializers/resolve.js';
import { type RegularizerSpec, resolveRegularizer } from '../regularizers/resolve.js';
import type { WeightBuilder } from '../weights.js';

/** The options for weights of these names. */
export type WeightRuleOptions<N extends string> = {
  readonly [name in `${N}Initializer`]?: InitializerSpec;
} & { readonly [name in `${N}Regularizer`]?: RegularizerSpec } & {
  readonly [name in `${N}Constraint`]?: ConstraintSpec;
};

/** Their names. */
export const weightOptions = <N extends string>(weight: N) =>
  [`${weight}Initializer`, `${weight}Regularizer`, `${weight}Constraint`] as const;

/** A weight with its rules settled. */
export interface WeightRules {
  add(weights: WeightBuilder, shape: Shape): Variable;
}

/**
 * The rules for the weight `option` (`kernel`), which has that name in the layer too.
 *
 * @throws HeddleError for unknown names and whatever their options are.
 */
export function weightRules<N extends string>(
  label: string,
  option: N,
  options: WeightRuleOptions<N>,
  initial: string,
  weight: string = option,
): WeightRules {
  const given = options as Readonly<Record<string, unknown>>;
  const [initializerRole, regularizerRole, constraintRole] = weightOptions(option);
  const initializer = resolveInitializer(label, (given[initializerRole] ?? initial) as InitializerSpec);
  const rules = {
    regularizer: resolveRegularizer(label, regularizerRole, given[regularizerRole] as RegularizerSpec),
    constraint: resolveConstraint(label, constraintRole, given[constraintRole] as ConstraintSpec),
  };
  return { add: (weights, shape) => weights.add(weight, shape, initializer, rules) };
}
