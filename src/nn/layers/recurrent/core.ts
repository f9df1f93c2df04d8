/**
 * What a recurrent layer is made of: a core, which knows how states go from step to step, and a wiring around it (`sequence-layer.ts`), which
 * knows what goes in and what comes out. `lstm`, `gru`, `simpleRNN` and `rnn` have a core each; `bidirectional` wires any of them for two
 * directions.
 */

import type { Tensor } from '../../../engine/index.js';
import type { CallContext } from '../../layer-definition.js';
import type { FreeShape } from '../../shapes.js';
import type { WeightBuilder } from '../../weights.js';
import type { Directions } from './directions.js';

/** What one pass over a sequence starts from. Directions stand side by side along the last axis. */
export interface Pass {
  /** [batch, steps, features] */
  readonly x: Tensor;
  readonly directions: Directions;
  /** Each [batch, directions · size]; `null`: zeros. */
  readonly states: readonly Tensor[] | null;
  /** [batch, steps]: 1 where a step counts, 0 where it changes nothing. */
  readonly mask: Tensor | null;
  /** Whether anybody wants the states after the last step; without it a core may leave out all but the output's. */
  readonly wantsStates: boolean;
  readonly context: CallContext;
}

export interface Passed {
  /** The output at each step, in order of time: [batch, steps, directions · units]. */
  readonly sequence: Tensor;
  /** At the last step that counts of each direction: [batch, directions · units]. */
  readonly last: Tensor;
  /** Each [batch, directions · size]. */
  readonly states: readonly Tensor[];
}

/** All steps of a sequence. */
export type RunSteps = (pass: Pass) => Passed;

export interface RecurrentCore {
  /** Features of the output, in each direction. */
  readonly units: number;
  /** Features of each state, in each direction. */
  readonly stateSizes: readonly number[];
  /** Whether its inputs may hold something else than float32, such as ids. States are float32 anyway. Default `false`. */
  readonly anyInput?: boolean;
  /** Makes the weights of `directions` directions for inputs [batch, steps, features]. */
  build(weights: WeightBuilder, input: FreeShape, directions: number): RunSteps;
}
