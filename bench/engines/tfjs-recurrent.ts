/** Recurrent cells of TensorFlow.js: its layers, on tensors. It has the older GRU alone: with `resetAfter` it throws. */

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { RecurrentLayer } from '../task.js';

/** A model of the one layer with `weights`, for examples of shape [steps, features]. */
export function recurrentModel(
  layer: RecurrentLayer,
  input: readonly number[],
  weights: Tensor[],
  options?: { readonly returnSequences: boolean },
): tfl.LayersModel {
  const net = tfl.sequential({ layers: [recurrentLayer(layer, input, options)] });
  net.setWeights(weights);
  return net;
}

export function recurrentLayer(
  { cell, units, activation }: RecurrentLayer,
  input: readonly number[],
  { returnSequences = false } = {},
): tfl.layers.Layer {
  const shared = {
    units,
    activation,
    inputShape: [...input],
    returnSequences,
    // They are set anyhow; its own start, an orthogonal matrix, takes it seconds.
    recurrentInitializer: 'zeros' as const,
  };
  const gated = { ...shared, recurrentActivation: 'sigmoid' } as const;
  if (cell === 'simpleRNN') return tfl.layers.simpleRNN(shared);
  if (cell === 'lstm') return tfl.layers.lstm(gated);
  if (cell === 'gruResetBefore') return tfl.layers.gru(gated);
  throw new RangeError('TensorFlow.js has no GRU whose reset gate stands behind the product');
}
