/** Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate: Gers, Schmidhuber, Cummins, 2000). */

import { ops } from '../../../engine/index.js';
import { checkedFlag } from '../../checks.js';
import { fusedCore } from './fused-core.js';
import { type GatedOptions, OTHER_NAMES, RECURRENT_OPTIONS } from './options.js';
import { defineRecurrentLayer, type TripleLayer } from './recurrent-layer.js';
import { lstmStep } from './steps.js';

export interface LstmOptions extends GatedOptions {
  /** Whether the bias of the forget gate starts at 1, whatever `biasInitializer` says for the others. Default `true`. */
  readonly unitForgetBias?: boolean;
}

/**
 * With gates i, f, o and candidate g, columns i, f, g, o of the kernels: i, f, o = recurrentActivation(x·kernel + h·recurrentKernel + bias),
 * g = activation(the same); c' = f·c + i·g; h' = o·activation(c'). Gives the last h, [batch, units], or all of them, [batch, steps, units];
 * the states are h and c. Applied to `[x, h, c]` it starts from these, else from zeros. A step that the mask leaves out changes nothing.
 *
 * All steps are one dispatch, forward and backward; for activations that no kernel knows (`gelu`, `silu`, `softmax` … and functions) the
 * program grows with the steps, and its compilation with it.
 *
 * @throws HeddleError for units that are no positive integer, rates outside [0, 1), unknown names, inputs that are no [batch, steps,
 * features] or have no steps, initial states that do not fit, and `stateful` without a fixed batch.
 */
export const lstm = defineRecurrentLayer<LstmOptions, TripleLayer>({
  type: 'lstm',
  options: [...RECURRENT_OPTIONS, 'recurrentActivation', 'unitForgetBias'],
  otherNames: OTHER_NAMES,
  core: (options, label) =>
    fusedCore(label, options, {
      gates: 4,
      states: 2,
      biasRows: 1,
      unitForgetBias: checkedFlag(label, 'unitForgetBias', options.unitForgetBias ?? true),
      fused: ops.lstm,
      step: lstmStep,
    }),
});
