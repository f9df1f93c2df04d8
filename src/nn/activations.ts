/** Activations by name. Formulas and names are those of Keras 3, in camel case. */

import { HeddleError, ops, type Tensor, unknownName } from '../engine/index.js';

export type ActivationFunction = (x: Tensor) => Tensor;

/** A name, or a function of the user's own that keeps the shape. */
export type ActivationSpec = string | ActivationFunction;

const relu6 = (x: Tensor): Tensor => ops.minimum(ops.relu(x), 6);

/** α·(eˣ − 1) below 0. The exponent is cut at 0, so that the branch not taken is finite and has a finite gradient. */
const elu = (x: Tensor, alpha = 1): Tensor =>
  ops.select(ops.greater(x, 0), x, ops.mul(ops.sub(ops.exp(ops.minimum(x, 0)), 1), alpha));

const silu = (x: Tensor): Tensor => ops.mul(x, ops.sigmoid(x));

/** Klambauer et al.: "Self-normalizing neural networks", 2017. */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

const ACTIVATIONS: ReadonlyMap<string, ActivationFunction> = new Map<string, ActivationFunction>(
  Object.entries({
    /** x */
    linear: (x: Tensor) => x,
    /** max(x, 0) */
    relu: (x: Tensor) => ops.relu(x),
    /** min(max(x, 0), 6) */
    relu6,
    /** x above 0, 0.2·x below: Keras 3's slope (TF.js: 0.3). */
    leakyRelu: (x: Tensor) => ops.maximum(x, ops.mul(x, 0.2)),
    /** x above 0, eˣ − 1 below */
    elu: (x: Tensor) => elu(x),
    /** 1.0507·elu(x), α = 1.6733 */
    selu: (x: Tensor) => ops.mul(elu(x, SELU_ALPHA), SELU_SCALE),
    /** 1 / (1 + e⁻ˣ) */
    sigmoid: (x: Tensor) => ops.sigmoid(x),
    /** relu6(x + 3) / 6: Keras 3's line (TF.js: 0.2·x + 0.5, cut to [0, 1]). */
    hardSigmoid: (x: Tensor) => ops.mul(relu6(ops.add(x, 3)), 1 / 6),
    tanh: (x: Tensor) => ops.tanh(x),
    /** log(1 + eˣ) */
    softplus: (x: Tensor) => ops.softplus(x),
    /** x / (1 + |x|) */
    softsign: (x: Tensor) => ops.div(x, ops.add(ops.abs(x), 1)),
    /** x·Φ(x), exact, not by tanh */
    gelu: (x: Tensor) => ops.gelu(x),
    /** x·sigmoid(x) */
    silu,
    swish: silu,
    /** x·tanh(softplus(x)) */
    mish: (x: Tensor) => ops.mul(x, ops.tanh(ops.softplus(x))),
    /** eˣ */
    exponential: (x: Tensor) => ops.exp(x),
    /** Over the last axis. */
    softmax: (x: Tensor) => ops.softmax(x),
    /** Over the last axis. */
    logSoftmax: (x: Tensor) => ops.logSoftmax(x),
  }),
);

/** Their names, as `resolveActivation` takes them. */
export const ACTIVATION_NAMES: readonly string[] = [...ACTIVATIONS.keys()];

/**
 * The activation that `spec` means.
 *
 * @param label who asks, for errors: `dense 'hidden'`
 * @throws HeddleError for an unknown name (with the nearest one) and anything that is no activation.
 */
export function resolveActivation(label: string, spec: ActivationSpec): ActivationFunction {
  if (typeof spec === 'function') return spec;
  if (typeof spec !== 'string') {
    throw new HeddleError({
      op: label,
      message: `activation is ${spec === null ? 'null' : typeof spec}`,
      roles: ['activation'],
      values: { activation: spec },
      fix: "pass a name ('relu') or a function of a tensor",
    });
  }
  const activation = ACTIVATIONS.get(spec);
  if (!activation) throw unknownName(label, 'activation', spec, ACTIVATION_NAMES);
  return activation;
}
