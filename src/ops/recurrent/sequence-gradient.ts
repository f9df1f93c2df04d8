/**
 * Back through all steps of a recurrent layer in one node: the gradients of its pre-activations and of its initial state. Inputs and
 * outputs, in order (`?`: only where the attributes say so):
 *
 *   simpleRnnSequenceGradient  sequence        R                   rows?  dsequence?  dfinals?  →  dgates [B,T,D·H]  dstate
 *   gruSequenceGradient        gates  R  carry  sequence  state?  rows?  dsequence?  dfinals?  →  dgates [B,T,D·3H]  dcarry  dstate
 *   lstmSequenceGradient       gates  R  carry            state?  rows?  dsequence?  dfinals?  →  dgates [B,T,D·4H]  dstate
 *
 * Shapes are those of `sequence.ts`; dsequence [B,T,D·H], dfinals that of finals, dstate [1,B,D·H] (lstm [2,B,D·H]) whether there is an
 * initial state or not. `dgates` is the gradient in front of the activations: of the pre-activations, and of the recurrent product too,
 * but for gru's n, whose part of the recurrent product gets `dcarry` [B,T,D·H] = dn·r. Both are 0 at steps that the mask leaves out.
 */

import type { OpDef } from '../../ir/op.js';
import { numbersOf } from './budget.js';
import { sequenceGradientBound } from './gradient-bound.js';
import { sequenceGradientDecomposition } from './gradient-decompose.js';
import { sequenceGradientReference } from './gradient-reference.js';
import { sequenceGradientCandidates } from './lower.js';
import {
  byRole,
  type Cell,
  inOrder,
  recurrentProductFlops,
  type SequenceGradientAttrs,
  sequenceGradientInputs,
  sequenceGradientOutputs,
  sequenceGradientShape,
  shapeOfRole,
} from './shape.js';

function sequenceGradientOp(cell: Cell): OpDef<SequenceGradientAttrs> {
  const name = `${cell}SequenceGradient`;
  return {
    name,
    infer(inputs, attrs) {
      const shape = sequenceGradientShape(name, cell, inputs, attrs);
      return sequenceGradientOutputs(cell).map((role) => ({
        shape: shapeOfRole(role, shape, attrs),
        dtype: 'float32',
      }));
    },
    ...numbersOf<SequenceGradientAttrs>({
      shape: (inputs, attrs) => sequenceGradientShape(name, cell, inputs, attrs),
      inputs: (attrs) => sequenceGradientInputs(cell, attrs),
      outputs: sequenceGradientOutputs(cell),
      reference: sequenceGradientReference,
      bound: sequenceGradientBound,
    }),
    decompose(inputs, attrs) {
      const shape = sequenceGradientShape(name, cell, inputs, attrs);
      const own = byRole(sequenceGradientInputs(cell, attrs), inputs);
      return inOrder(sequenceGradientOutputs(cell), sequenceGradientDecomposition(shape, attrs, own));
    },
    flops: (inputs, attrs) => recurrentProductFlops(sequenceGradientShape(name, cell, inputs, attrs)),
    candidates: (request) => sequenceGradientCandidates(cell, request),
    tunable: true,
  };
}

export const simpleRnnSequenceGradientOp = sequenceGradientOp('simpleRnn');
export const gruSequenceGradientOp = sequenceGradientOp('gru');
export const lstmSequenceGradientOp = sequenceGradientOp('lstm');

export const SEQUENCE_GRADIENT_OPS: Readonly<Record<Cell, OpDef<SequenceGradientAttrs>>> = {
  simpleRnn: simpleRnnSequenceGradientOp,
  gru: gruSequenceGradientOp,
  lstm: lstmSequenceGradientOp,
};
