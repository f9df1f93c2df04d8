/** Which kernels run the recurrent ops. */

import { HeddleError } from '../../core/errors.js';
import type { Candidate, LowerRequest } from '../../ir/op.js';
import type { Cell, SequenceAttrs, SequenceGradientAttrs, WeightGradientAttrs } from './shape.js';

export function sequenceCandidates(cell: Cell, _request: LowerRequest<SequenceAttrs>): readonly Candidate[] {
  throw new HeddleError({ op: `${cell}Sequence`, message: 'has no kernel yet' });
}

export function sequenceGradientCandidates(
  cell: Cell,
  _request: LowerRequest<SequenceGradientAttrs>,
): readonly Candidate[] {
  throw new HeddleError({ op: `${cell}SequenceGradient`, message: 'has no kernel yet' });
}

export function weightGradientCandidates(_request: LowerRequest<WeightGradientAttrs>): readonly Candidate[] {
  throw new HeddleError({ op: 'recurrentWeightGradient', message: 'has no kernel yet' });
}
