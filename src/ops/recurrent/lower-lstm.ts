/** The kernels of `lstmSequence` and its gradient. */

import type { TensorType } from '../../ir/graph.js';
import { type Arg, type Candidate, inputArg, type LowerRequest, outputArg, scratchArg } from '../../ir/op.js';
import { type LstmUse, lstmForward } from '../../kernels/recurrent-lstm.js';
import { activationFunctions } from './lower-activations.js';
import { GATES, type SequenceAttrs, sequenceInputs, sequenceShape, shapeOfRole } from './shape.js';
import { type RecurrentLimits, rangesOf, recurrentLimits, tileKey, tilesFor } from './tiles.js';

/** h of a step and of the next, and of `single` also what each unit keeps. */
const FORWARD_BYTES = { rows: 8, single: 16 };

export function lstmCandidates(
  request: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits = recurrentLimits(request.capabilities),
): readonly Candidate[] {
  const { inputs, attrs, capabilities } = request;
  const [sequence = false, finals = false, gates = false, carry = false] = request.used;
  const shape = sequenceShape('lstmSequence', 'lstm', inputs, attrs);
  const extents = { ...shape, directions: attrs.directions };
  const { activation: candidate, recurrentActivation: gate, state, mask, dropout, cellState } = attrs;
  const roles = sequenceInputs(attrs);
  return tilesFor(extents, FORWARD_BYTES, capabilities, limits).map((tile) => ({
    key: `lstm_forward_${tileKey(tile)}`,
    lower() {
      const ranges = rangesOf(extents, GATES.lstm, tile, limits);
      const handed = ranges.length > 1;
      const scratch: TensorType[] = [];
      // What nobody reads has memory only where dispatches hand it on.
      const kept = (used: boolean, output: number): Arg | null => {
        if (used) return outputArg(output);
        if (!handed) return null;
        return scratchArg(
          scratch.push({ shape: shapeOfRole('sequence', shape, attrs), dtype: 'float32' }) - 1,
        );
      };
      const args: Readonly<Record<string, Arg | null>> = {
        gates: gates ? { kind: 'inout', input: 0, output: 2 } : inputArg(0),
        recurrent_kernel: inputArg(1),
        state: inputArg(roles.indexOf('state')),
        rows: inputArg(roles.indexOf('rows')),
        sequence: kept(sequence, 0),
        finals: outputArg(1),
        carry: kept(carry, 3),
      };
      const use: LstmUse = {
        ...extents,
        state,
        mask,
        dropout,
        cellState,
        finals,
        gates,
        sequence: args.sequence !== null,
        carry: args.carry !== null,
        functions: (width) => activationFunctions({ gate, candidate }, width),
      };
      return {
        scratch,
        dispatches: ranges.map((range) => {
          const launch = lstmForward(use, tile, range);
          return { launch, args: launch.kernel.bindings.map(({ name }) => args[name] as Arg) };
        }),
      };
    },
  }));
}
