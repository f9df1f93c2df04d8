/** `shaders/lstm.wgsl` and `shaders/lstm-gradient.wgsl`: all steps of an LSTM, or one, and the way back. */

import source from '../../shaders/lstm.wgsl?raw';
import gradientSource from '../../shaders/lstm-gradient.wgsl?raw';
import type { Launch } from './kernel.js';
import {
  elemOf,
  keptPart,
  keptUnit,
  loadPart,
  productPart,
  type RecurrentTile,
  type RecurrentUse,
  readPart,
  recurrentLaunch,
  rowsPart,
  type StepRange,
  sharedMemory,
  statePart,
  storePart,
} from './recurrent.js';

export interface LstmUse extends RecurrentUse {
  /** What is written. The sequence and the carry must be where the steps take several dispatches. */
  readonly sequence: boolean;
  readonly carry: boolean;
  readonly finals: boolean;
  /** Whether the finals hold c behind h. */
  readonly cellState: boolean;
}

/** Bindings by name: gates, recurrent_kernel, state?, rows?, sequence?, finals?, carry?. */
export function lstmForward(use: LstmUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width, rows, kind } = tile;
  return recurrentLaunch(use, tile, range, {
    entryPoint: `lstm_forward_${kind}`,
    source,
    parts: [
      { binding: { name: 'gates', access: 'inout', type: `array<${elemOf(width)}>` }, code: [] },
      readPart('recurrent_kernel', width),
      statePart(use, width),
      rowsPart(use, width),
      keptPart('sequence', width, use.sequence),
      { code: [keptUnit('sequence', width, use.sequence, 'load_h')] },
      storePart('finals', width, {
        store_final_h: use.finals,
        store_final_c: use.finals && use.cellState,
      }),
      keptPart('carry', width, use.carry),
    ],
    baked: sharedMemory(tile, rows * 2 * use.units, 2 * use.units),
  });
}

export interface LstmGradientUse extends RecurrentUse {
  /** What arrives. */
  readonly dsequence: boolean;
  readonly dfinals: boolean;
  readonly cellState: boolean;
  /** Whether there is a place for the gradient of the state. It must be where the positions take several dispatches. */
  readonly dstate: boolean;
}

/**
 * `range` counts positions from the direction's last step; one more than there are steps gives the gradient of the state. Bindings by name:
 * gates, recurrent_kernel, carry, state?, rows?, dsequence?, dfinals?, dstate?.
 */
export function lstmGradient(use: LstmGradientUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width, rows, kind } = tile;
  return recurrentLaunch(use, tile, range, {
    entryPoint: `lstm_gradient_${kind}`,
    source: gradientSource,
    parts: [
      { binding: { name: 'gates', access: 'inout', type: `array<${elemOf(width)}>` }, code: [] },
      readPart('recurrent_kernel', width),
      readPart('carry', width),
      statePart(use, width),
      rowsPart(use, width),
      loadPart('dsequence', width, { load_dsequence: use.dsequence }),
      loadPart('dfinals', width, {
        load_dfinal_h: use.dfinals,
        load_dfinal_c: use.dfinals && use.cellState,
      }),
      keptPart('dstate', width, use.dstate),
      productPart(tile),
    ],
    baked: sharedMemory(tile, rows * 2 * use.units, 2 * (use.units / width)),
  });
}
