/** `shaders/simple-rnn.wgsl` and `shaders/simple-rnn-gradient.wgsl`: all steps of a simple recurrent layer, or one, and the way back. */

import source from '../../shaders/simple-rnn.wgsl?raw';
import gradientSource from '../../shaders/simple-rnn-gradient.wgsl?raw';
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

export interface SimpleRnnUse extends RecurrentUse {
  /**
   * Where the sequence goes: in the place of the pre-activations, to memory of its own (which it must have where the steps take several
   * dispatches), or nowhere.
   */
  readonly sequence: 'pre' | 'own' | null;
  readonly finals: boolean;
}

/** Bindings by name: pre (unless the sequence takes its place), recurrent_kernel, state?, rows?, sequence?, finals?. */
export function simpleRnnForward(use: SimpleRnnUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width, rows, kind } = tile;
  const inPlace = use.sequence === 'pre';
  const kept = use.sequence !== null;
  return recurrentLaunch(use, tile, range, {
    entryPoint: `simple_rnn_forward_${kind}`,
    source,
    parts: [
      ...(inPlace ? [] : [readPart('pre', width)]),
      { code: [`fn load_pre(at: u32) -> elem { return ${inPlace ? 'sequence' : 'pre'}[at]; }`] },
      readPart('recurrent_kernel', width),
      statePart(use, width),
      rowsPart(use, width),
      keptPart('sequence', width, kept),
      { code: [keptUnit('sequence', width, kept, 'load_h')] },
      storePart('finals', width, { store_final_h: use.finals }),
    ],
    baked: sharedMemory(tile, rows * 2 * use.units, 2 * use.units),
  });
}

export interface SimpleRnnGradientUse extends RecurrentUse {
  /** What arrives. */
  readonly dsequence: boolean;
  readonly dfinals: boolean;
  /** Whether there is a place for the gradient of the state. It must be where the positions take several dispatches. */
  readonly dstate: boolean;
}

/**
 * `range` counts positions from the direction's last step; one more than there are steps gives the gradient of the state. Bindings by name:
 * sequence, recurrent_kernel, rows?, dsequence?, dfinals?, dgates, dstate?.
 */
export function simpleRnnGradient(use: SimpleRnnGradientUse, tile: RecurrentTile, range: StepRange): Launch {
  const { width, rows, kind } = tile;
  return recurrentLaunch(use, tile, range, {
    entryPoint: `simple_rnn_gradient_${kind}`,
    source: gradientSource,
    parts: [
      readPart('sequence', width),
      readPart('recurrent_kernel', width),
      rowsPart(use, width),
      loadPart('dsequence', width, { load_dsequence: use.dsequence }),
      loadPart('dfinals', width, { load_dfinal_h: use.dfinals }),
      { binding: { name: 'dgates', access: 'inout', type: `array<${elemOf(width)}>` }, code: [] },
      keptPart('dstate', width, use.dstate),
      productPart(tile),
    ],
    baked: sharedMemory(tile, rows * 2 * use.units, 2 * (use.units / width)),
  });
}
