/** Which kernels run the recurrent ops. */

import { HeddleError } from '../../core/errors.js';
import type { Candidate, LowerRequest } from '../../ir/op.js';
import type { Cell, SequenceAttrs, SequenceGradientAttrs } from './shape.js';

export { weightGradientCandidates } from './lower-weights.js';

export function sequenceCandidates(cell: Cell, _request: LowerRequest<SequenceAttrs>): readonly Candidate[] {
  throw new HeddleError({ op: `${cell}Sequence`, message: 'has no kernel yet' });
}

export function sequenceGradientCandidates(
  cell: Cell,
  _request: LowerRequest<SequenceGradientAttrs>,
): readonly Candidate[] {
  throw new HeddleError({ op: `${cell}SequenceGradient`, message: 'has no kernel yet' });
}
