/**
 * One step of each built-in cell in base ops, for activations that no kernel knows and for `gru` with `resetAfter: false`. `xs` are the
 * step's inputs times the kernel, bias included; `h` is the state as the recurrent kernel sees it, after dropout.
 */

import { ops, type Tensor } from '../../../engine/index.js';
import type { ActivationFunction } from '../../activations.js';
import { parted } from './directions.js';

export interface StepInputs {
  /** [batch, gates · units] */
  readonly xs: Tensor;
  /** [batch, units] each; `h` is `states[0]` after dropout. */
  readonly h: Tensor;
  readonly states: readonly Tensor[];
  /** [units, gates · units] */
  readonly recurrentKernel: Tensor;
  /** `gru` with `resetAfter`: [3 · units]. */
  readonly recurrentBias: Tensor | null;
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
}

/** The states after the step; the first is the output. */
export type CellStep = (inputs: StepInputs) => readonly Tensor[];

const plus = (x: Tensor, bias: Tensor | null): Tensor => (bias ? ops.add(x, bias) : x);

/** h' = act(x + h·R). */
export const simpleRNNStep: CellStep = ({ xs, h, recurrentKernel, activation }) => [
  activation(ops.add(xs, ops.matmul(h, recurrentKernel))),
];

/** c' = f·c + i·g, h' = o·act(c'). */
export const lstmStep: CellStep = ({ xs, h, states, recurrentKernel, activation, recurrentActivation }) => {
  const gates = parted(ops.add(xs, ops.matmul(h, recurrentKernel)), 4);
  const [i, f, g, o] = gates as [Tensor, Tensor, Tensor, Tensor];
  const kept = ops.mul(recurrentActivation(f), states[1] as Tensor);
  const c = ops.add(kept, ops.mul(recurrentActivation(i), activation(g)));
  return [ops.mul(recurrentActivation(o), activation(c)), c];
};

/** n = act(x_n + r·(h·R_n + b_n)), h' = z·h + (1 − z)·n. */
export const gruStep: CellStep = (inputs) => {
  const { xs, h, recurrentKernel, recurrentBias, recurrentActivation } = inputs;
  const [xz, xr, xn] = parted(xs, 3) as [Tensor, Tensor, Tensor];
  const products = parted(plus(ops.matmul(h, recurrentKernel), recurrentBias), 3);
  const [hz, hr, hn] = products as [Tensor, Tensor, Tensor];
  const z = recurrentActivation(ops.add(xz, hz));
  const r = recurrentActivation(ops.add(xr, hr));
  return [mixed(inputs, z, ops.add(xn, ops.mul(r, hn)))];
};

/** As first published: n = act(x_n + (r·h)·R_n), the gate in front of the product. */
export const gruResetBeforeStep: CellStep = (inputs) => {
  const { xs, h, recurrentKernel, recurrentActivation } = inputs;
  const [xz, xr, xn] = parted(xs, 3) as [Tensor, Tensor, Tensor];
  const units = h.shape[1] ?? 0;
  const [gates, candidate] = ops.split(recurrentKernel, { sizes: [2 * units, units], axis: 1 }) as [
    Tensor,
    Tensor,
  ];
  const [hz, hr] = parted(ops.matmul(h, gates), 2) as [Tensor, Tensor];
  const z = recurrentActivation(ops.add(xz, hz));
  const r = recurrentActivation(ops.add(xr, hr));
  return [mixed(inputs, z, ops.add(xn, ops.matmul(ops.mul(r, h), candidate)))];
};

/** z·h + (1 − z)·act(n). */
function mixed({ states, activation }: StepInputs, z: Tensor, n: Tensor): Tensor {
  const h = states[0] as Tensor;
  return ops.add(ops.mul(z, h), ops.mul(ops.sub(1, z), activation(n)));
}
