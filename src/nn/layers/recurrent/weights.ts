/** The weights of the built-in recurrent layers, for one direction or two. */

import type { Variable } from '../../../engine/index.js';
import { checkedFlag } from '../../checks.js';
import { type Initializer, initializer } from '../../initializers/initializer.js';
import { resolveInitializer } from '../../initializers/resolve.js';
import type { FreeShape } from '../../shapes.js';
import type { WeightBuilder } from '../../weights.js';
import { weightRules } from '../weight-rules.js';
import { sideBySide } from './directions.js';
import type { RecurrentOptions } from './options.js';
import { knownFeatures } from './shapes.js';

/** Of D directions and G gates. */
export interface RecurrentWeights {
  /** [features, D · G · units] */
  readonly kernel: Variable;
  /** [units, D · G · units] */
  readonly recurrentKernel: Variable;
  /** [D · G · units]; `gru` with `resetAfter`: [2, D · 3 · units], of input and state */
  readonly bias: Variable | null;
}

export interface WeightPlan {
  readonly units: number;
  readonly gates: number;
  /** Rows of the bias: 1 means it is a vector. */
  readonly biasRows: number;
  /** `lstm`: whether the second gate's bias starts at 1. */
  readonly unitForgetBias: boolean;
}

/** How to make them. Throws a HeddleError for unknown names of initializers, regularizers and constraints. */
export function recurrentWeights(
  label: string,
  options: RecurrentOptions,
  { units, gates, biasRows, unitForgetBias }: WeightPlan,
): (weights: WeightBuilder, input: FreeShape, directions: number) => RecurrentWeights {
  const kernel = weightRules(label, 'kernel', options, 'glorotUniform');
  const recurrentKernel = weightRules(label, 'recurrent', options, 'orthogonal', 'recurrentKernel');
  const useBias = checkedFlag(label, 'useBias', options.useBias ?? true);
  const bias = weightRules(label, 'bias', options, 'zeros');
  const width = gates * units;
  const biasShape = biasRows === 1 ? [width] : [biasRows, width];
  return (weights, input, directions) => {
    const features = knownFeatures(label, input);
    const builder = sideBySide(label, weights, directions);
    const forgetful = unitForgetBias ? forgettingLittle(label, builder, units) : builder;
    return {
      kernel: kernel.add(builder, [features, width]),
      recurrentKernel: recurrentKernel.add(builder, [units, width]),
      bias: useBias ? bias.add(forgetful, biasShape) : null,
    };
  };
}

/** A builder for a bias [4 · units] in which gate f starts at 1 and lets the cell through (Jozefowicz et al., 2015). */
const forgettingLittle = (label: string, builder: WeightBuilder, units: number): WeightBuilder => ({
  ...builder,
  add: (name, shape, spec, options) =>
    builder.add(name, shape, openGate(resolveInitializer(label, spec), units), options),
});

const openGate = ({ name, config, create }: Initializer, units: number): Initializer =>
  initializer(name, config, ([width = 0], random) => {
    const values = new Float32Array(width).fill(1);
    values.set(create([units], random));
    values.set(create([width - 2 * units], random), 2 * units);
    return values;
  });
