/** An activation as a layer of its own. */

import type { Tensor } from '../../engine/index.js';
import { type ActivationSpec, resolveActivation } from '../activations.js';
import { defineLayer } from '../layer.js';
import { onlyShape } from '../shapes.js';
import { floatDtype } from './common-dtype.js';

export interface ActivationOptions {
  /** A name (`relu`) or a function of a tensor that keeps its shape. */
  readonly activation: ActivationSpec;
}

/** y = activation(x), float32 of the same shape. Throws a HeddleError for an unknown name and inputs that are not float32. */
export const activation = defineLayer<ActivationOptions>({
  type: 'activation',
  options: ['activation'],
  create(options, label) {
    const apply = resolveActivation(label, options.activation);
    return {
      keepsMask: true,
      outputShape: (inputs) => onlyShape(label, inputs),
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      call: ([x]) => apply(x as Tensor),
    };
  },
});
