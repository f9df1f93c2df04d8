/**
 * Recurrent cells in jax-js, which has none and no scan: the steps are unrolled inside `jit`. The input's products of all steps are one
 * product, and steps and gates are cut by `split`, whose gradient is one concatenation.
 */

import { nn, numpy as np } from '@jax-js/jax';
import { GATES, type RecurrentLayer } from '../task.js';

/** What the cell makes of all steps of `x` [batch, steps, features]: [batch, units]. Consumes what it is given. */
export function lastState(layer: RecurrentLayer, x: np.Array, weights: readonly np.Array[]): np.Array {
  const states = statesOf(layer, x, weights);
  const last = states.pop() as np.Array;
  for (const state of states) state.dispose();
  return last;
}

/** The states behind each step, each [batch, units]. Consumes what it is given. */
export function statesOf(layer: RecurrentLayer, x: np.Array, weights: readonly np.Array[]): np.Array[] {
  const { cell, units } = layer;
  const [kernel, recurrent, bias] = weights as [np.Array, np.Array, np.Array];
  if (cell !== 'simpleRNN' && cell !== 'lstm') throw new RangeError(`${cell} is not measured in jax-js`);
  const [batch = 0, steps = 0, features = 0] = x.shape;
  const columns = GATES[cell] * units;
  const products = np.matmul(x.reshape([batch * steps, features]), kernel).add(bias);
  const parts = np.split(products.reshape([batch, steps, columns]), steps, 1);
  const states: np.Array[] = [];
  let h = np.zeros([batch, units]);
  let c = np.zeros([batch, units]);
  for (const part of parts) {
    const sums = part.reshape([batch, columns]).add(np.matmul(h, recurrent.ref));
    if (cell === 'simpleRNN') h = np.tanh(sums);
    else {
      const [i, f, g, o] = np.split(sums, 4, 1) as [np.Array, np.Array, np.Array, np.Array];
      c = nn
        .sigmoid(f)
        .mul(c)
        .add(nn.sigmoid(i).mul(np.tanh(g)));
      h = nn.sigmoid(o).mul(np.tanh(c.ref));
    }
    states.push(h.ref);
  }
  for (const one of [h, c, recurrent]) one.dispose();
  return states;
}
