/**
 * A recurrent layer as one node: x·kernel + bias for all steps, then the sequence. It has no kernel of its own: the compiler takes it apart
 * into a matrix product and a sequence op. What it adds is its gradient, in three pieces of fixed cost: back through the steps, one sum for
 * all weights, one product for x. Inputs x, kernel, recurrentKernel, bias?, state?, rows?; outputs as those of the sequence op.
 */

import { apply, type Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import type { OpDef, VjpContext } from '../../ir/op.js';
import { matmul } from '../matmul.js';
import { concat } from '../movement/concat.js';
import { add } from '../pointwise/index.js';
import { broadcastTo, reshape } from '../structural.js';
import { SEQUENCE_OPS } from './sequence.js';
import { SEQUENCE_GRADIENT_OPS } from './sequence-gradient.js';
import {
  type ByRole,
  byRole,
  type Cell,
  inOrder,
  layerInputs,
  layerShape,
  type RecurrentShape,
  type Role,
  type SequenceAttrs,
  type SequenceGradientAttrs,
  sequenceGradientInputs,
  sequenceGradientOutputs,
  sequenceInputs,
  sequenceOutputs,
  shapeOfRole,
  WEIGHT_GRADIENT_OUTPUTS,
  type WeightGradientAttrs,
  weightGradientInputs,
} from './shape.js';
import { factorGradient, flat } from './weight-decompose.js';
import { recurrentWeightGradientOp } from './weight-gradient.js';

type Values = ByRole<Value>;

function layerOp(name: string, cell: Cell): OpDef<SequenceAttrs> {
  return {
    name,
    infer(inputs, attrs) {
      const shape = layerShape(name, cell, inputs, attrs);
      return sequenceOutputs(cell).map((role) => ({
        shape: shapeOfRole(role, shape, attrs),
        dtype: 'float32',
      }));
    },
    ...(SEQUENCE_OPS[cell].residuals ? { residuals: SEQUENCE_OPS[cell].residuals } : {}),
    vjp: (context) => layerGradients(layerShape(name, cell, context.inputs, context.attrs), context),
    decompose(inputs, attrs) {
      const own = byRole(layerInputs(attrs), inputs);
      const given = { ...own, preactivations: preactivations(cell, own) };
      const sequence: SequenceAttrs = { ...attrs, bias: cell === 'gru' && attrs.bias };
      return apply(SEQUENCE_OPS[cell], inOrder(sequenceInputs(sequence), given), sequence);
    },
  };
}

export const LAYER_OPS: Readonly<Record<Cell, OpDef<SequenceAttrs>>> = {
  simpleRnn: layerOp('simpleRNN', 'simpleRnn'),
  gru: layerOp('gru', 'gru'),
  lstm: layerOp('lstm', 'lstm'),
};

/** x·kernel + bias, [B, T, D·G·H]; gru adds its bias later. */
function preactivations(cell: Cell, { x, kernel, bias }: Values): Value {
  const [batch = 0, steps = 0] = x?.shape ?? [];
  const products = matmul(flat(x as Value), kernel as Value);
  const sums = bias && cell !== 'gru' ? add(products, bias) : products;
  return reshape(sums, [batch, steps, sums.shape[1] as number]);
}

function layerGradients(
  shape: RecurrentShape,
  { attrs, inputs, outputs, dys: [dsequence, dfinals], needs }: VjpContext<SequenceAttrs>,
): (Value | null)[] {
  const { cell } = shape;
  const roles = layerInputs(attrs);
  const own = byRole(roles, inputs);
  const made = byRole(sequenceOutputs(cell), outputs);
  const needed = byRole(roles, needs);
  const back = sequenceGradient(shape, attrs, {
    ...own,
    ...made,
    ...(dsequence ? { dsequence } : {}),
    ...(dfinals ? { dfinals } : {}),
  });
  const known = { ...own, ...made, ...back };
  const weights =
    needed.kernel || needed.recurrentKernel || needed.bias ? weightGradient(cell, attrs, known) : {};
  const gradients: Readonly<Partial<Record<Role, () => Value | undefined>>> = {
    x: () =>
      reshape(
        matmul(flat(known.dgates as Value), own.kernel as Value, { transposeB: true }),
        own.x?.shape ?? [],
      ),
    kernel: () => weights.dkernel,
    recurrentKernel: () => weights.drecurrentKernel,
    bias: () => weights.dbias,
    state: () => back.dstate,
    rows: () => (attrs.dropout ? rowsGradient(shape, attrs, known) : undefined),
  };
  return roles.map((role) => (needed[role] ? (gradients[role]?.() ?? null) : null));
}

function sequenceGradient(shape: RecurrentShape, attrs: SequenceAttrs, known: Values): Values {
  const { cell } = shape;
  const gradient: SequenceGradientAttrs = {
    ...attrs,
    bias: cell === 'gru' && attrs.bias,
    dsequence: known.dsequence !== undefined,
    dfinals: known.dfinals !== undefined,
  };
  const inputs = inOrder(sequenceGradientInputs(cell, gradient), known);
  return byRole(sequenceGradientOutputs(cell), apply(SEQUENCE_GRADIENT_OPS[cell], inputs, gradient));
}

function weightGradient(cell: Cell, attrs: SequenceAttrs, known: Values): Values {
  const { directions, state, mask, dropout } = attrs;
  const gradient: WeightGradientAttrs = { cell, directions, state, mask, dropout };
  const inputs = inOrder(weightGradientInputs(gradient), known);
  return byRole(WEIGHT_GRADIENT_OUTPUTS, apply(recurrentWeightGradientOp, inputs, gradient));
}

/** Of the factors; nothing reaches the mask in front of them. */
function rowsGradient(shape: RecurrentShape, attrs: SequenceAttrs, known: Values): Value {
  const factors = factorGradient(shape, attrs, known);
  if (!attrs.mask) return factors;
  return concat([broadcastTo(scalar(0), [shape.batch, shape.steps]), factors], { axis: 1 });
}

/** Sequence, finals and residuals of a layer. */
export const layer = (cell: Cell, inputs: Values, attrs: SequenceAttrs): Values =>
  byRole(sequenceOutputs(cell), apply(LAYER_OPS[cell], inOrder(layerInputs(attrs), inputs), attrs));
