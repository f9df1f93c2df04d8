/** `shaders/gru.wgsl` and `shaders/gru-gradient.wgsl`: all steps of a GRU, or one, forward and backward. */

import source from '../../shaders/gru.wgsl?raw';
import gradientSource from '../../shaders/gru-gradient.wgsl?raw';
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

export interface GruUse extends RecurrentUse {
  readonly bias: boolean;
  /** What is written. */
  readonly gates: boolean;
  readonly carry: boolean;
  readonly finals: boolean;
  /** The sequence is [B,T,D·H]; else it holds two steps alone: [2,B,D·H]. */
  readonly sequence: boolean;
}

/** Bindings by name: gates, recurrent_kernel, bias?, state?, rows?, sequence, finals?, carry?. */
export function gruForward(use: GruUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width } = tile;
  return recurrentLaunch(use, tile, range, {
    entryPoint: 'gru_forward',
    source,
    parts: [
      inPlacePart('gates', width, use.gates, 'store_gates'),
      kernelPart(tile, 3),
      loadPart('bias', width, { load_bias: use.bias }),
      statePart(use, width),
      rowsPart(use, width),
      keptPart('sequence', width, true),
      { code: [keptUnit('sequence', width, 'load_h')] },
      storePart('finals', width, { store_final: use.finals }),
      storePart('carry', width, { store_carry: use.carry }),
    ],
    baked: { STATE: use.state, DROPOUT: use.dropout, WHOLE: use.sequence },
  });
}

export interface GruGradientUse extends RecurrentUse {
  readonly dsequence: boolean;
  readonly dfinals: boolean;
}

/**
 * Bindings by name: gates, recurrent_kernel, carry, sequence, state?, rows?, dsequence?, dstate (with `dfinals`, these are in its place).
 * `positions` go back from the last step; the one after the first step leaves the gradient of the initial state.
 */
export function gruGradient(use: GruGradientUse, tile: RecurrentTile, positions: StepRange): Launch {
  const { width } = tile;
  return recurrentLaunch(use, tile, positions, {
    entryPoint: 'gru_gradient',
    source: gradientSource,
    parts: [
      inPlacePart('gates', width, true, 'store_gates'),
      kernelPart(tile, tile.quads),
      inPlacePart('carry', width, true, 'store_carry'),
      readPart('sequence', width),
      statePart(use, width),
      rowsPart(use, width),
      loadPart('dsequence', width, { load_dsequence: use.dsequence }),
      keptPart('dstate', width, true),
      {
        code: [
          'fn load_carry(at: u32) -> elem { return carry[at]; }',
          `fn load_dfinal(at: u32) -> elem { return ${use.dfinals ? 'dstate[at]' : 'elem()'}; }`,
          keptUnit('gates', width, 'load_dgate'),
          keptUnit('carry', width, 'load_dcarry'),
        ],
      },
    ],
  });
}
