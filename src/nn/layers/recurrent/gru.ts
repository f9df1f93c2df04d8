/** The gated recurrent unit (Cho et al., 2014). */

import { ops } from '../../../engine/index.js';
import { checkedFlag } from '../../checks.js';
import { fusedCore } from './fused-core.js';
import { type GatedOptions, OTHER_NAMES, RECURRENT_OPTIONS } from './options.js';
import { defineRecurrentLayer, type PairLayer } from './recurrent-layer.js';
import { gruResetBeforeStep, gruStep } from './steps.js';

export interface GruOptions extends GatedOptions {
  /**
   * Whether the reset gate acts after the product with the recurrent kernel, which then has a bias of its own: bias [2, 3 · units].
   * `false` is the form first published, and TF.js's; it runs step by step, without a kernel of its own. Default `true`.
   */
  readonly resetAfter?: boolean;
}

/**
 * With gates z and r, columns z, r, n of the kernels: z, r = recurrentActivation(x·kernel + h·recurrentKernel + biases);
 * n = activation(xₙ + r·hₙ), where hₙ = h·recurrentKernelₙ + bias; h' = z·h + (1 − z)·n. Gives the last h, [batch, units], or all of them,
 * [batch, steps, units]. Applied to `[x, h]` it starts from h, else from zeros. A step that the mask leaves out changes nothing.
 *
 * All steps are one dispatch, forward and backward; with `resetAfter: false` (n = activation(xₙ + (r·h)·recurrentKernelₙ)) and for activations
 * that no kernel knows (`gelu`, `silu`, `softmax` … and functions) the program grows with the steps, and its compilation with it.
 *
 * @throws HeddleError for units that are no positive integer, rates outside [0, 1), unknown names, inputs that are no [batch, steps,
 * features] or have no steps, initial states that do not fit, and `stateful` without a fixed batch.
 */
export const gru = defineRecurrentLayer<GruOptions, PairLayer>({
  type: 'gru',
  options: [...RECURRENT_OPTIONS, 'recurrentActivation', 'resetAfter'],
  otherNames: OTHER_NAMES,
  core(options, label) {
    const resetAfter = checkedFlag(label, 'resetAfter', options.resetAfter ?? true);
    return fusedCore(label, options, {
      gates: 3,
      states: 1,
      biasRows: resetAfter ? 2 : 1,
      unitForgetBias: false,
      fused: resetAfter
        ? (x, kernel, recurrentKernel, bias, { cellState: _, ...rest }) =>
            ops.gru(x, kernel, recurrentKernel, bias, rest)
        : null,
      step: resetAfter ? gruStep : gruResetBeforeStep,
    });
  },
});
