/** The built-in cells step by step in base ops. */

import { ops, type Tensor } from '../../../engine/index.js';
import type { ActivationFunction } from '../../activations.js';
import type { Pass, Passed } from './core.js';
import { parted } from './directions.js';
import type { CellStep } from './steps.js';
import { joinedPasses, unrolled, zeros } from './unroll.js';
import type { RecurrentWeights } from './weights.js';

export interface StepwiseCell {
  readonly units: number;
  readonly states: number;
  readonly step: CellStep;
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
  /** What the recurrent kernel sees of the state: [batch, directions · units]; `null`: all of it. */
  readonly factors: Tensor | null;
}

export function runSteps(
  { x, directions, states, mask }: Pass,
  weights: RecurrentWeights,
  { units, states: count, step, activation, recurrentActivation, factors }: StepwiseCell,
): Passed {
  const [batch = 0] = x.shape;
  const part = (tensor: Tensor | null, direction: number): Tensor | null =>
    tensor && (parted(tensor, directions.length)[direction] as Tensor);
  const [inputBias, recurrentBias] = biases(weights.bias);
  const products = timesKernel(x, weights.kernel, inputBias);
  const passes = directions.map((backwards, direction) => {
    const recurrentKernel = part(weights.recurrentKernel, direction) as Tensor;
    const ownBias = part(recurrentBias, direction);
    const ownFactors = part(factors, direction);
    const own = Array.from({ length: count }, (_, index) =>
      states ? (part(states[index] as Tensor, direction) as Tensor) : zeros(batch, units),
    );
    const initial = { output: own[0] as Tensor, states: own };
    return unrolled(part(products, direction) as Tensor, initial, { backwards, mask }, (xs, before) => {
      const h = before[0] as Tensor;
      const after = step({
        xs,
        h: ownFactors ? ops.mul(h, ownFactors) : h,
        states: before,
        recurrentKernel,
        recurrentBias: ownBias,
        activation,
        recurrentActivation,
      });
      return { output: after[0] as Tensor, states: after };
    });
  });
  return joinedPasses(passes);
}

/** [batch, steps, features] times [features, width], all steps at once. */
function timesKernel(x: Tensor, kernel: Tensor, bias: Tensor | null): Tensor {
  const [batch = 0, steps = 0, features = 0] = x.shape;
  const flat = ops.matmul(ops.reshape(x, [batch * steps, features]), kernel);
  return ops.reshape(bias ? ops.add(flat, bias) : flat, [batch, steps, kernel.shape[1] ?? 0]);
}

/** Of inputs and of states; only `gru` with `resetAfter` has the second, as another row. */
function biases(bias: Tensor | null): readonly [Tensor | null, Tensor | null] {
  if (bias?.shape.length !== 2) return [bias, null];
  const width = bias.shape[1] ?? 0;
  const [input, recurrent] = ops.split(bias, { sizes: 2, axis: 0 });
  return [ops.reshape(input as Tensor, [width]), ops.reshape(recurrent as Tensor, [width])];
}
