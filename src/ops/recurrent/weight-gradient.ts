/**
 * The gradients of a recurrent layer's weights: sums over all rows and steps of [x, h_previous ⊙ factors, 1] times the gates' gradients,
 * for all cells. Inputs and outputs, in order (`?`: only where the attributes say so):
 *
 *   x [B,T,I]  sequence [B,T,D·H]  state? [S,B,D·H]  rows?  dgates [B,T,D·G·H]  dcarry (gru) [B,T,D·H]
 *     →  dkernel [I,D·G·H]  drecurrentKernel [H,D·G·H]  dbias [D·G·H] (gru: [2,D·3H])
 *
 * h_previous is the sequence at the step before in the direction's own order; at its first step it is part 0 of `state`, or 0. `rows` is
 * there with `dropout` alone, behind T columns of a mask where `mask` says so (which the gradients at hand have taken in already).
 * gru: columns of n in drecurrentKernel and in row 1 of dbias come from dcarry, all others from dgates.
 */

import type { HostTensor } from '../../ir/graph.js';
import type { OpDef } from '../../ir/op.js';
import { weightGradientCandidates } from './lower.js';
import {
  byRole,
  inOrder,
  productFlops,
  shapeOfRole,
  WEIGHT_GRADIENT_OUTPUTS,
  type WeightGradientAttrs,
  weightGradientInputs,
  weightGradientShape,
} from './shape.js';
import { weightGradientDecomposition } from './weight-decompose.js';
import { weightGradientReference } from './weight-reference.js';

const NAME = 'recurrentWeightGradient';

export const recurrentWeightGradientOp: OpDef<WeightGradientAttrs> = {
  name: NAME,
  infer(inputs, attrs) {
    const shape = weightGradientShape(NAME, inputs, attrs);
    return WEIGHT_GRADIENT_OUTPUTS.map((role) => ({
      shape: shapeOfRole(role, shape, attrs),
      dtype: 'float32',
    }));
  },
  reference: (inputs, outputs, attrs) => sums(inputs, outputs, attrs, false),
  magnitude: (inputs, outputs, attrs) => sums(inputs, outputs, attrs, true),
  terms: ([x]) => (x?.shape[0] ?? 1) * (x?.shape[1] ?? 1),
  decompose(inputs, attrs) {
    const shape = weightGradientShape(NAME, inputs, attrs);
    const results = weightGradientDecomposition(shape, attrs, byRole(weightGradientInputs(attrs), inputs));
    return inOrder(WEIGHT_GRADIENT_OUTPUTS, results);
  },
  flops(inputs, attrs) {
    const shape = weightGradientShape(NAME, inputs, attrs);
    return productFlops(shape, shape.features + shape.units);
  },
  candidates: weightGradientCandidates,
  tunable: true,
};

const sums = (
  inputs: readonly HostTensor[],
  outputs: readonly HostTensor[],
  attrs: WeightGradientAttrs,
  absolute: boolean,
): void =>
  weightGradientReference(
    weightGradientShape(NAME, inputs, attrs),
    attrs,
    byRole(weightGradientInputs(attrs), inputs),
    byRole(WEIGHT_GRADIENT_OUTPUTS, outputs),
    absolute,
  );
