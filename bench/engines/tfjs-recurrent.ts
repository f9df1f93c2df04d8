/** Recurrent cells of TensorFlow.js: its layers, on tensors. It has the older GRU alone: with `resetAfter` it throws. */

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { RecurrentLayer } from '../task.js';

/** A model of the one layer with `weights`, for examples of shape [steps, features]. */
export function recurrentModel(
  { cell, units, activation }: RecurrentLayer,
  input: readonly number[],
  weights: Tensor[],
  { returnSequences = false } = {},
): tfl.LayersModel {
  const inputShape = [...input];
  const gated = { units, activation, recurrentActivation: 'sigmoid', inputShape, returnSequences } as const;
  const make: Readonly<Record<RecurrentLayer['cell'], () => tfl.layers.Layer>> = {
    simpleRNN: () => tfl.layers.simpleRNN({ units, activation, inputShape, returnSequences }),
    lstm: () => tfl.layers.lstm(gated),
    gruResetBefore: () => tfl.layers.gru(gated),
    gru: () => {
      throw new RangeError('TensorFlow.js has no GRU whose reset gate stands behind the product');
    },
  };
  const net = tfl.sequential({ layers: [make[cell]()] });
  net.setWeights(weights);
  return net;
}
