/** Dense: every output sees every feature of the input. */

import { HeddleError, ops, type Tensor, type Variable } from '../../engine/index.js';
import { type ActivationSpec, resolveActivation } from '../activations.js';
import { checkedCount, checkedFlag } from '../checks.js';
import type { ConstraintSpec } from '../constraints/resolve.js';
import type { InitializerSpec } from '../initializers/resolve.js';
import { defineLayer } from '../layer.js';
import type { RegularizerSpec } from '../regularizers/resolve.js';
import { onlyShape, showFree } from '../shapes.js';
import { floatDtype } from './common-dtype.js';
import { weightOptions, weightRules } from './weight-rules.js';

export interface DenseOptions {
  /** Features of the output, a positive integer. */
  readonly units: number;
  /** Applied to the result. Default `linear`. */
  readonly activation?: ActivationSpec;
  /** Default `true`. */
  readonly useBias?: boolean;
  /** Default `glorotUniform` (TF.js: `glorotNormal`). */
  readonly kernelInitializer?: InitializerSpec;
  /** Default `zeros`. */
  readonly biasInitializer?: InitializerSpec;
  /** Penalties that training adds to the loss, and what weights are held to after each step. Default none. */
  readonly kernelRegularizer?: RegularizerSpec;
  readonly biasRegularizer?: RegularizerSpec;
  readonly kernelConstraint?: ConstraintSpec;
  readonly biasConstraint?: ConstraintSpec;
}

interface DenseWeights {
  /** [in, units] */
  readonly kernel: Variable;
  /** [units] */
  readonly bias: Variable | null;
}

/**
 * y = activation(x · kernel + bias), over the last axis: [batch, …, in] → [batch, …, units].
 *
 * @throws HeddleError for `units` that is no positive integer, unknown names of activations and initializers, and inputs of rank
 * below 2, with a free last extent, or with other features than the kernel has.
 */
export const dense = defineLayer<DenseOptions, DenseWeights>({
  type: 'dense',
  options: ['units', 'activation', 'useBias', ...weightOptions('kernel'), ...weightOptions('bias')],
  create(options, label) {
    const units = checkedCount(label, 'units', options.units);
    const activation = resolveActivation(label, options.activation ?? 'linear');
    const useBias = checkedFlag(label, 'useBias', options.useBias ?? true);
    const kernelRules = weightRules(label, 'kernel', options, 'glorotUniform');
    const biasRules = weightRules(label, 'bias', options, 'zeros');
    return {
      keepsMask: true,
      outputShape(inputs) {
        const shape = onlyShape(label, inputs);
        if (shape.length >= 2) return [...shape.slice(0, -1), units];
        throw new HeddleError({
          op: label,
          message: `input ${showFree(shape)} has rank ${shape.length}, at least 2 are needed`,
          roles: ['input'],
          values: { input: shape },
          fix: 'give it [batch, features]',
        });
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const features = onlyShape(label, inputs).at(-1) ?? null;
        if (features === null) {
          throw new HeddleError({
            op: label,
            message: `the last extent of input ${inputs.map(showFree).join()} is free, so the kernel has no size`,
            roles: ['inputShape'],
            values: { inputs },
            fix: 'give the features a number in inputShape',
          });
        }
        const kernel = kernelRules.add(weights, [features, units]);
        return { kernel, bias: useBias ? biasRules.add(weights, [units]) : null };
      },
      call([x], { kernel, bias }) {
        if (!x) throw new HeddleError({ op: label, message: 'takes 1 input, got 0' });
        checkFeatures(label, x, kernel);
        const rows = x.shape.slice(0, -1);
        const flat = rows.length === 1 ? x : ops.reshape(x, [product(rows), x.shape.at(-1) ?? 0]);
        const product2d = ops.matmul(flat, kernel);
        const sums = bias ? ops.add(product2d, bias) : product2d;
        if (rows.length === 1) return activation(sums);
        const shape = [...rows, units];
        // By name they know no axis but the last; those go into the product's kernel. Functions are given what the user expects.
        return typeof options.activation === 'function'
          ? activation(ops.reshape(sums, shape))
          : ops.reshape(activation(sums), shape);
      },
    };
  },
});

const product = (extents: readonly number[]): number => extents.reduce((size, extent) => size * extent, 1);

function checkFeatures(label: string, x: Tensor, kernel: Variable): void {
  const features = x.shape.at(-1);
  const expected = kernel.shape[0];
  if (features === expected && x.shape.length >= 2) return;
  throw new HeddleError({
    op: label,
    message: `input has ${features} features, kernel expects ${expected}; input [${x.shape.join(',')}], kernel [${kernel.shape.join(',')}]`,
    roles: ['input', 'kernel'],
    values: { input: x.shape, kernel: kernel.shape },
    fix: `pass [batch, ${expected}], or make the model with another inputShape`,
  });
}
