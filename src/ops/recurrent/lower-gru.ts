/** The kernels of `gruSequence` and its gradient. */

import type { TensorType } from '../../ir/graph.js';
import { type Arg, type Candidate, inputArg, type LowerRequest, outputArg, scratchArg } from '../../ir/op.js';
import { type GruGradientUse, type GruUse, gruForward, gruGradient } from '../../kernels/recurrent-gru.js';
import { handedOn, lowered, type RecurrentLimits, rangesOf, transposedKernel } from './dispatches.js';
import { activationFunctions } from './lower-activations.js';
import {
  GATES,
  type Role,
  type SequenceAttrs,
  type SequenceGradientAttrs,
  sequenceGradientInputs,
  sequenceGradientOutputs,
  sequenceGradientShape,
  sequenceInputs,
  sequenceOutputs,
  sequenceShape,
} from './shape.js';
import { tileKey, tilesFor } from './tiles.js';

const FORWARD = { quads: false };
const GRADIENT = { quads: true };

export function gruCandidates(
  request: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const { inputs, attrs, capabilities } = request;
  const [sequence = false, finals = false, gates = false, carry = false] = request.used;
  const shape = sequenceShape('gruSequence', 'gru', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { bias, state, mask, dropout, activation: candidate, recurrentActivation: gate } = attrs;
  const use: GruUse = {
    ...extents,
    ...{ bias, state, mask, dropout, sequence, finals, gates, carry },
    functions: (width) => activationFunctions({ gate, candidate }, width),
  };
  const input = (role: Role): Arg => inputArg(sequenceInputs(attrs).indexOf(role));
  const output = (role: Role): Arg => outputArg(sequenceOutputs('gru').indexOf(role));
  const twoSteps: TensorType = {
    shape: [2, shape.batch, attrs.directions.length * shape.units],
    dtype: 'float32',
  };
  const args: Readonly<Record<string, Arg>> = {
    gates: gates ? { kind: 'inout', input: 0, output: 2 } : inputArg(0),
    recurrent_kernel: input('recurrentKernel'),
    bias: input('bias'),
    state: input('state'),
    rows: input('rows'),
    sequence: sequence ? output('sequence') : scratchArg(0),
    finals: output('finals'),
    carry: output('carry'),
  };
  return tilesFor(extents, FORWARD, capabilities, limits).map((tile) => ({
    key: `gru_forward_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.gru, shape.steps, tile, limits);
      const launches = ranges.map((range) => gruForward(use, tile, range));
      return lowered(launches, args, { scratch: sequence ? [] : [twoSteps] });
    },
  }));
}

export function gruGradientCandidates(
  request: LowerRequest<SequenceGradientAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const { inputs, attrs, capabilities } = request;
  const shape = sequenceGradientShape('gruSequenceGradient', 'gru', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const {
    state,
    mask,
    dropout,
    dsequence,
    dfinals,
    activation: candidate,
    recurrentActivation: gate,
  } = attrs;
  const roles = sequenceGradientInputs('gru', attrs);
  const made = sequenceGradientOutputs('gru');
  const input = (role: Role): Arg => inputArg(roles.indexOf(role));
  // What is in place is written whether anybody reads it or not: the steps hand it on.
  const inPlace = (from: Role, to: Role): Arg => ({
    kind: 'inout',
    input: roles.indexOf(from),
    output: made.indexOf(to),
  });
  const use: GruGradientUse = {
    ...extents,
    ...{ state, mask, dropout, dsequence, dfinals },
    functions: (width) => activationFunctions({ gate, candidate }, width),
  };
  const args: Readonly<Record<string, Arg>> = {
    gates: inPlace('gates', 'dgates'),
    carry: inPlace('carry', 'dcarry'),
    sequence: input('sequence'),
    state: input('state'),
    rows: input('rows'),
    dsequence: input('dsequence'),
    dstate: dfinals ? inPlace('dfinals', 'dstate') : outputArg(made.indexOf('dstate')),
  };
  // The gradient of the initial state is one position more. It is made whether anybody reads it or not: it has a place, where verification
  // looks.
  const positions = shape.steps + 1;
  return tilesFor(extents, GRADIENT, capabilities, limits).map((tile) => ({
    key: `gru_gradient_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.gru, positions, tile, limits);
      const handed = handedOn();
      const kernel = transposedKernel(
        roles.indexOf('recurrentKernel'),
        extents,
        GATES.gru,
        handed,
        capabilities,
      );
      const launches = ranges.map((range) => gruGradient(use, tile, range));
      return lowered([...kernel.launches, ...launches], { ...args, ...kernel.args }, handed);
    },
  }));
}
