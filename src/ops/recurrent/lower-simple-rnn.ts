/** The kernels of `simpleRnnSequence` and its gradient. */

import type { TensorType } from '../../ir/graph.js';
import { type Arg, type Candidate, inputArg, type LowerRequest, outputArg } from '../../ir/op.js';
import {
  type SimpleRnnGradientUse,
  type SimpleRnnUse,
  simpleRnnForward,
  simpleRnnGradient,
} from '../../kernels/recurrent-simple-rnn.js';
import { handedOn, lowered, type RecurrentLimits, rangesOf, transposedKernel } from './dispatches.js';
import { activationFunctions } from './lower-activations.js';
import {
  GATES,
  type SequenceAttrs,
  type SequenceGradientAttrs,
  sequenceGradientInputs,
  sequenceGradientShape,
  sequenceInputs,
  sequenceShape,
  shapeOfRole,
} from './shape.js';
import { tileKey, tilesFor } from './tiles.js';

const FORWARD = { quads: true };
const GRADIENT = { ...FORWARD };

export function simpleRnnCandidates(
  { inputs, attrs, used, capabilities }: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const [, finals = false] = used;
  const shape = sequenceShape('simpleRnnSequence', 'simpleRnn', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { state, mask, dropout, activation: candidate } = attrs;
  const roles = sequenceInputs(attrs);
  const use: SimpleRnnUse = {
    ...extents,
    ...{ state, mask, dropout, finals },
    functions: (width) => activationFunctions({ candidate }, width),
  };
  const args: Readonly<Record<string, Arg>> = {
    // Written whether anybody reads it or not: the steps hand it on.
    sequence: { kind: 'inout', input: 0, output: 0 },
    recurrent_kernel: inputArg(1),
    state: inputArg(roles.indexOf('state')),
    rows: inputArg(roles.indexOf('rows')),
    finals: outputArg(1),
  };
  return tilesFor(extents, FORWARD, capabilities, limits).map((tile) => ({
    key: `simple_rnn_forward_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.simpleRnn, shape.steps, tile, limits);
      const launches = ranges.map((range) => simpleRnnForward(use, tile, range));
      return lowered(launches, args, { scratch: [] });
    },
  }));
}

export function simpleRnnGradientCandidates(
  { inputs, attrs, used, capabilities }: LowerRequest<SequenceGradientAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const [, dstate = false] = used;
  const shape = sequenceGradientShape('simpleRnnSequenceGradient', 'simpleRnn', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { state, mask, dropout, dsequence, dfinals, activation: candidate } = attrs;
  const roles = sequenceGradientInputs('simpleRnn', attrs);
  const states: TensorType = { shape: shapeOfRole('dstate', shape, attrs), dtype: 'float32' };
  const use: SimpleRnnGradientUse = {
    ...extents,
    ...{ state, mask, dropout, dsequence, dfinals, dstate: dstate || mask },
    functions: (width) => activationFunctions({ candidate }, width),
  };
  // The gradient of the initial state is one position more.
  const positions = shape.steps + Number(dstate);
  return tilesFor(extents, GRADIENT, capabilities, limits).map((tile) => ({
    key: `simple_rnn_gradient_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.simpleRnn, positions, tile, limits);
      const handed = handedOn();
      const kernel = transposedKernel(1, extents, GATES.simpleRnn, handed, capabilities);
      const launches = ranges.map((range) => simpleRnnGradient(use, tile, range));
      const args = {
        ...kernel.args,
        sequence: inputArg(0),
        rows: inputArg(roles.indexOf('rows')),
        dsequence: inputArg(roles.indexOf('dsequence')),
        dfinals: inputArg(roles.indexOf('dfinals')),
        dgates: outputArg(0),
        dstate: dstate ? outputArg(1) : mask ? handed.temporary(states) : null,
      };
      return lowered([...kernel.launches, ...launches], args, handed);
    },
  }));
}
