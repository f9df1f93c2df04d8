/** `shaders/gru.wgsl` and `shaders/gru-gradient.wgsl`: all steps of a GRU, or one, forward and backward. */

import source from '../../shaders/gru.wgsl?raw';
import gradientSource from '../../shaders/gru-gradient.wgsl?raw';
import type { Launch } from './kernel.js';
import {
  inPlacePart,
  keptPart,
  keptUnit,
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
      readPart('recurrent_kernel', width),
      loadPart('bias', width, { load_bias: use.bias }),
      statePart(use, width),
      rowsPart(use, width),
      keptPart('sequence', width, true),
      { code: [keptUnit('sequence', width, true, 'load_h')] },
      storePart('finals', width, { store_final: use.finals }),
      storePart('carry', width, { store_carry: use.carry }),
    ],
    baked: { TURNS: turnsOf(tile), STATE: use.state, DROPOUT: use.dropout, WHOLE: use.sequence },
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
      readPart('recurrent_kernel', width),
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
          keptUnit('gates', width, true, 'load_dgate'),
          keptUnit('carry', width, true, 'load_dcarry'),
          kernelElem(tile),
        ],
      },
    ],
    baked: { TURNS: turnsOf(tile) },
  });
}

/** How often the invocations of a workgroup take their turns. */
const turnsOf = ({ rows, each, quads, unitsHere, lanes }: RecurrentTile): number =>
  Math.ceil(((rows / each) * (unitsHere / quads)) / lanes);

/** R at a column of all gates and directions, of the units of an elem; transposed, R is [D·3·H, H]. */
function kernelElem({ width, transposed }: RecurrentTile): string {
  const head = 'fn kernel_elem(unit: u32, column: u32) -> elem {';
  if (transposed) return `${head} return recurrent_kernel[column * UNITS + unit]; }`;
  const rows = [0, 1, 2, 3].slice(0, width).map((row) => {
    const lane = width === 4 ? '[lane]' : '';
    return `recurrent_kernel[at + ${row}u * line]${lane}`;
  });
  return [
    head,
    '  let line = DIRECTIONS * GATES * UNITS;',
    '  let at = unit * WIDTH * line + column / WIDTH;',
    ...(width === 4 ? ['  let lane = column % WIDTH;'] : []),
    `  return elem(${rows.join(', ')});`,
    '}',
  ].join('\n');
}
