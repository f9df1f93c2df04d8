/** The plain recurrent layer: the state is the output (Elman, 1990). */

import { ops } from '../../../engine/index.js';
import { fusedCore } from './fused-core.js';
import { OTHER_NAMES, RECURRENT_OPTIONS, type RecurrentOptions } from './options.js';
import { defineRecurrentLayer, type PairLayer } from './recurrent-layer.js';
import { simpleRNNStep } from './steps.js';

export type SimpleRNNOptions = RecurrentOptions;

/**
 * h' = activation(x·kernel + h·recurrentKernel + bias) along [batch, steps, features]: the last h, [batch, units], or all of them,
 * [batch, steps, units]. Applied to `[x, h]` it starts from h, else from zeros. A step that the mask leaves out changes nothing.
 *
 * All steps are one dispatch, forward and backward; for activations that no kernel knows (`gelu`, `silu`, `softmax` … and functions) the
 * program grows with the steps, and its compilation with it.
 *
 * @throws HeddleError for units that are no positive integer, rates outside [0, 1), unknown names, inputs that are no [batch, steps,
 * features] or have no steps, initial states that do not fit, and `stateful` without a fixed batch.
 */
export const simpleRNN = defineRecurrentLayer<SimpleRNNOptions, PairLayer>({
  type: 'simpleRNN',
  options: RECURRENT_OPTIONS,
  otherNames: OTHER_NAMES,
  core: (options, label) =>
    fusedCore(label, options, {
      gates: 1,
      states: 1,
      biasRows: 1,
      unitForgetBias: false,
      fused: (x, kernel, recurrentKernel, bias, { recurrentActivation: _, cellState: __, ...rest }) =>
        ops.simpleRNN(x, kernel, recurrentKernel, bias, rest),
      step: simpleRNNStep,
    }),
});
