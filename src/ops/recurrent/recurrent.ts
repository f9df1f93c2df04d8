/** The public recurrent ops: whole sequences through a simple recurrent, GRU or LSTM cell. Directions stand side by side along the last axis. */

import type { Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import { concat, stack } from '../movement/concat.js';
import { slice } from '../movement/slice.js';
import { broadcastTo, reshape } from '../structural.js';
import { layer } from './layer.js';
import {
  type Checked,
  checkRecurrent,
  type GatedOptions,
  type RecurrentInputs,
  type RecurrentOptions,
} from './options.js';
import type { Cell, SequenceAttrs } from './shape.js';

export interface LstmOptions extends GatedOptions {
  /** Whether the last cell state is given too. Default true; without it the last h costs no copy. */
  readonly cellState?: boolean;
}

/**
 * h_t = act(x_t·W + b + h_{t−1}·R) over all steps of `x` [B, T, I].
 *
 * @param kernel W [I, D·H] for D directions (1, or 2 with `bidirectional`) of H units.
 * @param recurrentKernel R [H, D·H].
 * @param bias b [D·H].
 * @returns [sequence [B, T, D·H] in time order, h [B, D·H] after each direction's last step].
 * @throws HeddleError for shapes, dtypes and names that do not fit, and for T = 0.
 */
export const simpleRNN = (
  x: Value,
  kernel: Value,
  recurrentKernel: Value,
  bias: Value | null,
  options: RecurrentOptions = {},
): Value[] => recurrent('simpleRNN', 'simpleRnn', { x, kernel, recurrentKernel, bias }, options, [], false);

/**
 * The gated recurrent unit over all steps of `x` [B, T, I], with its reset gate behind the recurrent product:
 * z, r = σ(x·W + b₀ + h·R + b₁), n = act(x·W_n + b₀ₙ + r·(h·R_n + b₁ₙ)), h' = z·h + (1 − z)·n.
 *
 * @param kernel W [I, D·3H], gates z, r, n within each direction.
 * @param recurrentKernel R [H, D·3H].
 * @param bias [2, D·3H]: b₀, then b₁.
 * @returns [sequence [B, T, D·H] in time order, h [B, D·H] after each direction's last step].
 * @throws HeddleError as `simpleRNN`.
 */
export const gru = (
  x: Value,
  kernel: Value,
  recurrentKernel: Value,
  bias: Value | null,
  options: GatedOptions = {},
): Value[] =>
  recurrent('gru', 'gru', { x, kernel, recurrentKernel, bias }, options, ['recurrentActivation'], false);

/**
 * Long short-term memory over all steps of `x` [B, T, I]: i, f, o = σ(x·W + b + h·R), g = act(x·W_g + b_g + h·R_g),
 * c' = f·c + i·g, h' = o·act(c').
 *
 * @param kernel W [I, D·4H], gates i, f, g, o within each direction.
 * @param recurrentKernel R [H, D·4H].
 * @param bias b [D·4H].
 * @returns [sequence [B, T, D·H] in time order, h and c [B, D·H] after each direction's last step]; no c where `cellState` is false.
 * @throws HeddleError as `simpleRNN`.
 */
export const lstm = (
  x: Value,
  kernel: Value,
  recurrentKernel: Value,
  bias: Value | null,
  options: LstmOptions = {},
): Value[] => {
  const more = ['recurrentActivation', 'cellState'];
  return recurrent(
    'lstm',
    'lstm',
    { x, kernel, recurrentKernel, bias },
    options,
    more,
    options.cellState ?? true,
  );
};

function recurrent(
  op: string,
  cell: Cell,
  weights: RecurrentInputs,
  options: GatedOptions,
  more: readonly string[],
  cellState: boolean,
): Value[] {
  const checked = checkRecurrent(op, cell, weights, options, more);
  const { batch, steps, units, directions } = checked.shape;
  const states = directions * units;
  // An empty batch has no kernel: there is nothing to bind.
  if (batch === 0) {
    const parts = [[0, steps, states], [0, states], ...(cellState ? [[0, states]] : [])];
    return parts.map((shape) => broadcastTo(scalar(0), shape));
  }
  const { x, kernel, recurrentKernel, bias } = weights;
  const state = stateOf(options);
  const rows = rowsOf(options);
  const { sequence, finals } = layer(
    cell,
    {
      x,
      kernel,
      recurrentKernel,
      ...(bias ? { bias } : {}),
      ...(state ? { state } : {}),
      ...(rows ? { rows } : {}),
    },
    attrsOf(checked, options, { bias: bias !== null, cellState }),
  );
  const final = (part: number): Value => {
    const size = [1, batch, states];
    return reshape(slice(finals as Value, { begin: [part, 0, 0], size }), [batch, states]);
  };
  return [sequence as Value, final(0), ...(cellState ? [final(1)] : [])];
}

const attrsOf = (
  { directions, activation, recurrentActivation }: Checked,
  { initialState, mask, recurrentDropout }: RecurrentOptions,
  own: Pick<SequenceAttrs, 'bias' | 'cellState'>,
): SequenceAttrs => ({
  directions,
  activation,
  recurrentActivation,
  ...own,
  state: initialState !== undefined,
  mask: mask !== undefined,
  dropout: recurrentDropout !== undefined,
});

/** [S, B, D·H]. */
const stateOf = ({ initialState }: RecurrentOptions): Value | null =>
  initialState ? stack(initialState) : null;

/** [B, T + D·H]: the mask's columns, then the factors. */
function rowsOf({ mask, recurrentDropout }: RecurrentOptions): Value | null {
  const parts = [mask, recurrentDropout].filter((part) => part !== undefined);
  return parts.length > 0 ? concat(parts, { axis: 1 }) : null;
}
