/** The kernels of `lstmSequence` and its gradient. */

import type { Candidate, LowerRequest } from '../../ir/op.js';
import { inputArg, outputArg } from '../../ir/op.js';
import { lstmForward, lstmGradient } from '../../kernels/recurrent-lstm.js';
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

/** h of a step and of the next, and what each unit keeps: h and c. */
const FORWARD = { rowsBytes: 16, singleBytes: 16, quads: false };
/** The gradients of two gates, and what each unit keeps: those of h and c. */
const GRADIENT = { rowsBytes: 16, singleBytes: 16, quads: true, transposes: true };

export function lstmCandidates(
  { inputs, attrs, used, capabilities }: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const [sequence = false, finals = false, , carry = false] = used;
  const shape = sequenceShape('lstmSequence', 'lstm', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { activation: candidate, recurrentActivation: gate } = attrs;
  const roles = sequenceInputs(attrs);
  const sequences = { shape: shapeOfRole('sequence', shape, attrs), dtype: 'float32' } as const;
  return tilesFor(extents, FORWARD, capabilities, limits).map((tile) => ({
    key: `lstm_forward_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.lstm, shape.steps, tile, limits);
      const handed = handedOn(ranges);
      const args = {
        // Sums and gates take the place of the pre-activations, whether anybody reads them afterwards or not.
        gates: { kind: 'inout', input: 0, output: 2 } as const,
        recurrent_kernel: inputArg(1),
        state: inputArg(roles.indexOf('state')),
        rows: inputArg(roles.indexOf('rows')),
        sequence: handed.place(sequence, 0, sequences),
        finals: outputArg(1),
        carry: handed.place(carry, 3, sequences),
      };
      const use = {
        ...extents,
        ...attrs,
        finals,
        sequence: args.sequence !== null,
        carry: args.carry !== null,
        functions: (width: 1 | 4) => activationFunctions({ gate, candidate }, width),
      };
      const launches = ranges.map((range) => lstmForward(use, tile, range));
      return lowered(launches, args, handed);
    },
  }));
}

export function lstmGradientCandidates(
  { inputs, attrs, used, capabilities }: LowerRequest<SequenceGradientAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const [, dstate = false] = used;
  const shape = sequenceGradientShape('lstmSequenceGradient', 'lstm', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { activation: candidate, recurrentActivation: gate } = attrs;
  const roles = sequenceGradientInputs('lstm', attrs);
  const states = { shape: shapeOfRole('dstate', shape, attrs), dtype: 'float32' } as const;
  // The gradient of the initial state is one position more.
  const positions = shape.steps + Number(dstate);
  return tilesFor(extents, GRADIENT, capabilities, limits).map((tile) => ({
    key: `lstm_gradient_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.lstm, positions, tile, limits);
      const handed = handedOn(ranges);
      const before = recurrentKernelArgs(1, extents, GATES.lstm, tile, handed, capabilities);
      const args = {
        gates: { kind: 'inout', input: 0, output: 0 } as const,
        ...before.args,
        carry: inputArg(roles.indexOf('carry')),
        state: inputArg(roles.indexOf('state')),
        rows: inputArg(roles.indexOf('rows')),
        dsequence: inputArg(roles.indexOf('dsequence')),
        dfinals: inputArg(roles.indexOf('dfinals')),
        dstate: handed.place(dstate, 1, states),
      };
      const use = {
        ...extents,
        ...attrs,
        dstate: args.dstate !== null,
        functions: (width: 1 | 4) => activationFunctions({ gate, candidate }, width),
      };
      const launches = ranges.map((range) => lstmGradient(use, tile, range));
      return lowered([...before.launches, ...launches], args, handed);
    },
  }));
}
