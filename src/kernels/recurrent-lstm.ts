/** `shaders/lstm.wgsl` and `shaders/lstm-gradient.wgsl`: all steps of an LSTM, or one, forward and backward. */

import source from '../../shaders/lstm.wgsl?raw';
import gradientSource from '../../shaders/lstm-gradient.wgsl?raw';
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

export interface LstmUse extends RecurrentUse {
  /** What is written. */
  readonly gates: boolean;
  readonly finals: boolean;
  /** Whether the finals hold c behind h. */
  readonly cellState: boolean;
  /** The sequence is [B,T,D·H]; else it holds two steps alone: [2,B,D·H]. */
  readonly sequence: boolean;
  /** The carry is [B,T,D·H]; else it holds one step alone: [1,B,D·H]. */
  readonly carry: boolean;
}

/** Bindings by name: gates, recurrent_kernel, state?, rows?, sequence, finals?, carry. */
export function lstmForward(use: LstmUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width } = tile;
  return recurrentLaunch(use, tile, range, {
    entryPoint: 'lstm_forward',
    source,
    parts: [
      inPlacePart('gates', width, use.gates, 'store_gates'),
      kernelPart(tile, 4),
      statePart(use, width),
      rowsPart(use, width),
      keptPart('sequence', width, true),
      { code: [keptUnit('sequence', width, 'load_h')] },
      storePart('finals', width, {
        store_final_h: use.finals,
        store_final_c: use.finals && use.cellState,
      }),
      keptPart('carry', width, true),
    ],
    baked: { STATE: use.state, DROPOUT: use.dropout, WHOLE: use.sequence, WHOLE_CARRY: use.carry },
  });
}

export interface LstmGradientUse extends RecurrentUse {
  /** What arrives. */
  readonly dsequence: boolean;
  readonly dfinals: boolean;
  readonly cellState: boolean;
}

/**
 * Bindings by name: gates, recurrent_kernel, carry, state?, rows?, dsequence?, dfinals?, dstate. `positions` go back from the last step;
 * the one after the first step leaves the gradient of the initial state.
 */
export function lstmGradient(use: LstmGradientUse, tile: RecurrentTile, positions: StepRange): Launch {
  const { width } = tile;
  return recurrentLaunch(use, tile, positions, {
    entryPoint: 'lstm_gradient',
    source: gradientSource,
    parts: [
      keptPart('gates', width, true),
      { code: [keptUnit('gates', width, 'load_dgate')] },
      kernelPart(tile, tile.quads),
      readPart('carry', width),
      statePart(use, width),
      rowsPart(use, width),
      loadPart('dsequence', width, { load_dsequence: use.dsequence }),
      loadPart('dfinals', width, {
        load_dfinal_h: use.dfinals,
        load_dfinal_c: use.dfinals && use.cellState,
      }),
      keptPart('dstate', width, true),
    ],
    baked: {},
  });
}
