/** The kernels of `simpleRnnSequence` and its gradient. */

import { type Candidate, inputArg, type LowerRequest, outputArg } from '../../ir/op.js';
import { simpleRnnForward, simpleRnnGradient } from '../../kernels/recurrent-simple-rnn.js';
import { handedOn, lowered, type RecurrentLimits, rangesOf, recurrentKernelArgs } from './dispatches.js';
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

/** Numbers of a step and of the next, what each unit keeps, and forward the sums of `rows`. */
const NEEDS = { rowsBytes: 16, singleBytes: 12, quads: true };
const GRADIENT = { ...NEEDS, transposes: true };

export function simpleRnnCandidates(
  { inputs, attrs, used, capabilities }: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const [sequence = false, finals = false] = used;
  const shape = sequenceShape('simpleRnnSequence', 'simpleRnn', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { activation: candidate } = attrs;
  const roles = sequenceInputs(attrs);
  const sequences = { shape: shapeOfRole('sequence', shape, attrs), dtype: 'float32' } as const;
  return tilesFor(extents, NEEDS, capabilities, limits).map((tile) => ({
    key: `simple_rnn_forward_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.simpleRnn, shape.steps, tile, limits);
      const handed = handedOn(ranges);
      const own = sequence ? null : handed.place(false, 0, sequences);
      const args = {
        pre: inputArg(0),
        recurrent_kernel: inputArg(1),
        state: inputArg(roles.indexOf('state')),
        rows: inputArg(roles.indexOf('rows')),
        sequence: sequence ? ({ kind: 'inout', input: 0, output: 0 } as const) : own,
        finals: outputArg(1),
      };
      const use = {
        ...extents,
        ...attrs,
        finals,
        sequence: sequence ? ('pre' as const) : own && ('own' as const),
        functions: (width: 1 | 4) => activationFunctions({ candidate }, width),
      };
      const launches = ranges.map((range) => simpleRnnForward(use, tile, range));
      return lowered(launches, args, handed);
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
  const { activation: candidate } = attrs;
  const roles = sequenceGradientInputs('simpleRnn', attrs);
  const states = { shape: shapeOfRole('dstate', shape, attrs), dtype: 'float32' } as const;
  // The gradient of the initial state is one position more.
  const positions = shape.steps + Number(dstate);
  return tilesFor(extents, GRADIENT, capabilities, limits).map((tile) => ({
    key: `simple_rnn_gradient_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.simpleRnn, positions, tile, limits);
      const handed = handedOn(ranges);
      const before = recurrentKernelArgs(1, extents, GATES.simpleRnn, tile, handed, capabilities);
      const args = {
        sequence: inputArg(0),
        ...before.args,
        rows: inputArg(roles.indexOf('rows')),
        dsequence: inputArg(roles.indexOf('dsequence')),
        dfinals: inputArg(roles.indexOf('dfinals')),
        dgates: outputArg(0),
        dstate: handed.place(dstate, 1, states),
      };
      const use = {
        ...extents,
        ...attrs,
        dstate: args.dstate !== null,
        functions: (width: 1 | 4) => activationFunctions({ candidate }, width),
      };
      const launches = ranges.map((range) => simpleRnnGradient(use, tile, range));
      return lowered([...before.launches, ...launches], args, handed);
    },
  }));
}
