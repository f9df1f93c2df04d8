/** `shaders/simple-rnn.wgsl` and `shaders/simple-rnn-gradient.wgsl`: all steps of a simple recurrent layer, or one, and the way back. */

import source from '../../shaders/simple-rnn.wgsl?raw';
import gradientSource from '../../shaders/simple-rnn-gradient.wgsl?raw';
import type { Launch } from './kernel.js';
import {
  inPlacePart,
  keptPart,
  keptUnit,
  kernelPart,
  loadPart,
  type RecurrentTile,
  type RecurrentUse,
  readPart,
  recurrentLaunch,
  rowsPart,
  type StepRange,
  statePart,
  storePart,
} from './recurrent.js';

export interface SimpleRnnUse extends RecurrentUse {
  readonly finals: boolean;
}

/** Bindings by name: sequence (in the place of the pre-activations), recurrent_kernel, state?, rows?, finals?. */
export function simpleRnnForward(use: SimpleRnnUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width } = tile;
  return recurrentLaunch(use, tile, range, {
    entryPoint: 'simple_rnn_forward',
    source,
    parts: [
      inPlacePart('sequence', width, true, 'store_sequence'),
      { code: [keptUnit('sequence', width, 'load_h')] },
      kernelPart(tile, tile.quads),
      statePart(use, width),
      rowsPart(use, width),
      storePart('finals', width, { store_final: use.finals }),
    ],
    baked: { STATE: use.state, DROPOUT: use.dropout },
  });
}

export interface SimpleRnnGradientUse extends RecurrentUse {
  /** What arrives. */
  readonly dsequence: boolean;
  readonly dfinals: boolean;
  /** Whether there is a place for the gradient of the state. With a mask it must be there: the positions hand it on. */
  readonly dstate: boolean;
}

/**
 * Bindings by name: sequence, recurrent_kernel, rows?, dsequence?, dfinals?, dgates, dstate?. `positions` go back from the last step; the
 * one after the first step leaves the gradient of the initial state.
 */
export function simpleRnnGradient(
  use: SimpleRnnGradientUse,
  tile: RecurrentTile,
  positions: StepRange,
): Launch {
  const { width } = tile;
  return recurrentLaunch(use, tile, positions, {
    entryPoint: 'simple_rnn_gradient',
    source: gradientSource,
    parts: [
      readPart('sequence', width),
      kernelPart(tile, tile.quads),
      rowsPart(use, width),
      loadPart('dsequence', width, { load_dsequence: use.dsequence }),
      loadPart('dfinals', width, { load_dfinal: use.dfinals }),
      inPlacePart('dgates', width, true, 'store_dgates'),
      { code: [keptUnit('dgates', width, 'load_dgate')] },
      keptPart('dstate', width, use.dstate),
    ],
  });
}
