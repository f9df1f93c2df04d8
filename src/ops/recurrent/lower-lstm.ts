/** The kernels of `lstmSequence` and its gradient. */

import type { TensorType } from '../../ir/graph.js';
import { type Arg, type Candidate, inputArg, type LowerRequest, outputArg } from '../../ir/op.js';
import {
  type LstmGradientUse,
  type LstmUse,
  lstmForward,
  lstmGradient,
} from '../../kernels/recurrent-lstm.js';
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
  shapeOfRole,
} from './shape.js';
import { tileKey, tilesFor } from './tiles.js';

const FORWARD = { quads: false };
const GRADIENT = { quads: true };

export function lstmCandidates(
  request: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const { inputs, attrs, capabilities } = request;
  const [sequence = false, finals = false, gates = false, carry = false] = request.used;
  const shape = sequenceShape('lstmSequence', 'lstm', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { state, mask, dropout, cellState, activation: candidate, recurrentActivation: gate } = attrs;
  const use: LstmUse = {
    ...extents,
    ...{ state, mask, dropout, cellState, sequence, finals, gates, carry },
    functions: (width) => activationFunctions({ gate, candidate }, width),
  };
  const input = (role: Role): Arg => inputArg(sequenceInputs(attrs).indexOf(role));
  const output = (role: Role): Arg => outputArg(sequenceOutputs('lstm').indexOf(role));
  const some = (steps: number): TensorType => ({
    shape: [steps, shape.batch, attrs.directions.length * shape.units],
    dtype: 'float32',
  });
  return tilesFor(extents, FORWARD, capabilities, limits).map((tile) => ({
    key: `lstm_forward_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.lstm, shape.steps, tile, limits);
      const handed = handedOn();
      const args: Readonly<Record<string, Arg>> = {
        gates: gates ? { kind: 'inout', input: 0, output: 2 } : inputArg(0),
        recurrent_kernel: input('recurrentKernel'),
        state: input('state'),
        rows: input('rows'),
        sequence: sequence ? output('sequence') : handed.temporary(some(2)),
        finals: output('finals'),
        carry: carry ? output('carry') : handed.temporary(some(1)),
      };
      const launches = ranges.map((range) => lstmForward(use, tile, range));
      return lowered(launches, args, handed);
    },
  }));
}

export function lstmGradientCandidates(
  request: LowerRequest<SequenceGradientAttrs>,
  limits: RecurrentLimits,
): readonly Candidate[] {
  const { inputs, attrs, capabilities } = request;
  const made = sequenceGradientOutputs('lstm');
  const dstate = request.used[made.indexOf('dstate')] === true;
  const shape = sequenceGradientShape('lstmSequenceGradient', 'lstm', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { state, mask, dropout, cellState, dsequence, dfinals } = attrs;
  const { activation: candidate, recurrentActivation: gate } = attrs;
  const roles = sequenceGradientInputs('lstm', attrs);
  const input = (role: Role): Arg => inputArg(roles.indexOf(role));
  const use: LstmGradientUse = {
    ...extents,
    ...{ state, mask, dropout, cellState, dsequence, dfinals },
    functions: (width) => activationFunctions({ gate, candidate }, width),
  };
  const states: TensorType = { shape: shapeOfRole('dstate', shape, attrs), dtype: 'float32' };
  // The gradient of the initial state is one position more.
  const positions = shape.steps + Number(dstate);
  return tilesFor(extents, GRADIENT, capabilities, limits).map((tile) => ({
    key: `lstm_gradient_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.lstm, positions, tile, limits);
      const handed = handedOn();
      const kernel = transposedKernel(
        roles.indexOf('recurrentKernel'),
        extents,
        GATES.lstm,
        handed,
        capabilities,
      );
      const args: Readonly<Record<string, Arg>> = {
        ...kernel.args,
        gates: { kind: 'inout', input: roles.indexOf('gates'), output: made.indexOf('dgates') },
        carry: input('carry'),
        state: input('state'),
        rows: input('rows'),
        dsequence: input('dsequence'),
        dfinals: input('dfinals'),
        // Steps hand on through it, also where nobody reads it.
        dstate: dstate ? outputArg(made.indexOf('dstate')) : handed.temporary(states),
      };
      const launches = ranges.map((range) => lstmGradient(use, tile, range));
      return lowered([...kernel.launches, ...launches], args, handed);
    },
  }));
}
