/**
 * All steps of a recurrent layer in one node, from the pre-activations x·W + bias on. Inputs and outputs, in order (`?`: only where the
 * attributes say so):
 *
 *   simpleRnnSequence  pre [B,T,D·H]   R [H,D·H]                 state? [1,B,D·H]  rows?  →  sequence [B,T,D·H]  finals [1,B,D·H]
 *   gruSequence        pre [B,T,D·3H]  R [H,D·3H]  bias? [2,D·3H]  state? [1,B,D·H]  rows?  →  sequence, finals, gates [B,T,D·3H], carry
 *   lstmSequence       pre [B,T,D·4H]  R [H,D·4H]                state? [2,B,D·H]  rows?  →  sequence, finals, gates [B,T,D·4H], carry
 *
 * `rows` [B, T + D·H], [B, T] or [B, D·H] holds the mask's columns, then the factors of recurrent dropout. `state` is h, and lstm's c
 * behind it; `finals` is h after each direction's last step, and lstm's c behind it where `cellState` asks ([2,B,D·H], else [1,B,D·H]).
 * `gates` are the gates after their activations; `carry` [B,T,D·H] is lstm's cell state after the step and gru's h·R_n + b_rn.
 *
 * A step that the mask leaves out hands h and c on: sequence, finals and lstm's carry repeat the step before. Its gates, and gru's carry,
 * are still those of its numbers; nobody uses them. pre of gru is without bias: both rows of the bias are added here.
 */

import type { OpDef } from '../../ir/op.js';
import { numbersOf } from './budget.js';
import { sequenceDecomposition } from './decompose.js';
import { sequenceCandidates } from './lower.js';
import { sequenceReference } from './reference.js';
import { sequenceBound } from './sequence-bound.js';
import {
  byRole,
  type Cell,
  inOrder,
  recurrentProductFlops,
  type SequenceAttrs,
  sequenceInputs,
  sequenceOutputs,
  sequenceShape,
  shapeOfRole,
} from './shape.js';

function sequenceOp(cell: Cell): OpDef<SequenceAttrs> {
  const name = `${cell}Sequence`;
  return {
    name,
    infer(inputs, attrs) {
      const shape = sequenceShape(name, cell, inputs, attrs);
      return sequenceOutputs(cell).map((role) => ({
        shape: shapeOfRole(role, shape, attrs),
        dtype: 'float32',
      }));
    },
    ...(cell === 'simpleRnn' ? {} : { residuals: [2, 3] }),
    ...numbersOf<SequenceAttrs>({
      shape: (inputs, attrs) => sequenceShape(name, cell, inputs, attrs),
      inputs: sequenceInputs,
      outputs: sequenceOutputs(cell),
      reference: sequenceReference,
      bound: sequenceBound,
    }),
    decompose(inputs, attrs) {
      const shape = sequenceShape(name, cell, inputs, attrs);
      const results = sequenceDecomposition(shape, attrs, byRole(sequenceInputs(attrs), inputs));
      return inOrder(sequenceOutputs(cell), results);
    },
    flops: (inputs, attrs) => recurrentProductFlops(sequenceShape(name, cell, inputs, attrs)),
    candidates: (request) => sequenceCandidates(cell, request),
    tunable: true,
  };
}

/** h' = act(pre + h·R). */
export const simpleRnnSequenceOp = sequenceOp('simpleRnn');

/** z, r = σ(pre + b + h·R + b_r);  n = act(pre_n + b_n + r·(h·R_n + b_rn));  h' = z·h + (1 − z)·n. */
export const gruSequenceOp = sequenceOp('gru');

/** i, f, o = σ(pre + h·R);  g = act(pre_g + h·R_g);  c' = f·c + i·g;  h' = o·act(c'). */
export const lstmSequenceOp = sequenceOp('lstm');

export const SEQUENCE_OPS: Readonly<Record<Cell, OpDef<SequenceAttrs>>> = {
  simpleRnn: simpleRnnSequenceOp,
  gru: gruSequenceOp,
  lstm: lstmSequenceOp,
};
