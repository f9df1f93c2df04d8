/** `shaders/lstm.wgsl`: all steps of an LSTM, or one. */

import source from '../../shaders/lstm.wgsl?raw';
import type { Launch } from './kernel.js';
import {
  inPlacePart,
  keptPart,
  keptUnit,
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
  /** What is written. The sequence and the carry must be where the steps take several dispatches. */
  readonly gates: boolean;
  readonly sequence: boolean;
  readonly carry: boolean;
  readonly finals: boolean;
  /** Whether the finals hold c behind h. */
  readonly cellState: boolean;
}

/** Bindings by name: gates, recurrent_kernel, state?, rows?, sequence?, finals?, carry?. */
export function lstmForward(use: LstmUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width, rows, kind } = tile;
  const again = range.begin > 0 || range.end < use.steps;
  return recurrentLaunch(use, tile, range, {
    entryPoint: `lstm_forward_${kind}`,
    source,
    parts: [
      inPlacePart('gates', width, use.gates, 'store_gates'),
      readPart('recurrent_kernel', width),
      statePart(use, width),
      rowsPart(use, width),
      keptPart('sequence', width, use.sequence, again),
      { code: [keptUnit('sequence', width, use.sequence, 'load_h')] },
      storePart('finals', width, {
        store_final_h: use.finals,
        store_final_c: use.finals && use.cellState,
      }),
      keptPart('carry', width, use.carry, again),
    ],
    baked: sharedMemory(tile, rows * 2 * use.units),
  });
}

/** Sizes of what a workgroup shares, of `floats` numbers: nothing where a dispatch makes one step. */
function sharedMemory({ kind, stepwise, rows, unitsHere }: RecurrentTile, floats: number) {
  return {
    SHARED_QUADS: kind === 'rows' && !stepwise ? floats / 4 : 1,
    SHARED: kind === 'single' && !stepwise ? floats : 1,
    HELD: rows * unitsHere,
  };
}
