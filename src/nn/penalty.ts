/** What regularizers add to the loss and to its gradients. */

import { grad, ops, type Tensor, type Variable } from '../engine/index.js';
import type { AnyLayer } from './layer.js';
import type { RuledWeight } from './weights.js';

type Leaf = Pick<AnyLayer, 'rules'>;

/** The weights of `layers` that are among `of`. */
const rulesOf = (layers: readonly Leaf[], of: readonly Variable[]): RuledWeight[] => {
  const counted = new Set(of);
  return layers.flatMap(({ rules }) => rules.filter(({ variable }) => counted.has(variable)));
};

const penalties = (layers: readonly Leaf[], of: readonly Variable[]): (readonly [Variable, Tensor])[] =>
  rulesOf(layers, of).flatMap(({ variable, regularizer }) =>
    regularizer ? [[variable, regularizer.penalty(variable)] as const] : [],
  );

/** The sum of all penalties, float32 []; `null` where there are none. */
export const penaltyOf = (layers: readonly Leaf[], of: readonly Variable[]): Tensor | null =>
  penalties(layers, of).reduce<Tensor | null>(
    (sum, [, penalty]) => (sum ? ops.add(sum, penalty) : penalty),
    null,
  );

/**
 * `gradients` of the data's loss to `variables`, with those of the penalties. They are added here, weight by weight, and not found through
 * the loss of each example, whose number would then have to be summed away.
 */
export function withPenaltyGradients(
  layers: readonly Leaf[],
  variables: readonly Variable[],
  gradients: readonly Tensor[],
): Tensor[] {
  const of = new Map(penalties(layers, variables));
  return gradients.map((gradient, index) => {
    const variable = variables[index] as Variable;
    const penalty = of.get(variable);
    return penalty ? ops.add(gradient, grad(penalty, variable)) : gradient;
  });
}
