/** Which kernels run the recurrent ops, best first. */

import { HeddleError } from '../../core/errors.js';
import type { Candidate, LowerRequest } from '../../ir/op.js';
import { type RecurrentLimits, recurrentLimits } from './dispatches.js';
import { lstmCandidates, lstmGradientCandidates } from './lower-lstm.js';
import type { Cell, SequenceAttrs, SequenceGradientAttrs } from './shape.js';

export { weightGradientCandidates } from './lower-weights.js';

/** `limits` are those of the device, unless a test asks for others. */
export function sequenceCandidates(
  cell: Cell,
  request: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits = recurrentLimits(request.capabilities),
): readonly Candidate[] {
  if (cell === 'lstm') return lstmCandidates(request, limits);
  throw new HeddleError({ op: `${cell}Sequence`, message: 'has no kernel yet' });
}

export function sequenceGradientCandidates(
  cell: Cell,
  request: LowerRequest<SequenceGradientAttrs>,
  limits: RecurrentLimits = recurrentLimits(request.capabilities),
): readonly Candidate[] {
  if (cell === 'lstm') return lstmGradientCandidates(request, limits);
  throw new HeddleError({ op: `${cell}SequenceGradient`, message: 'has no kernel yet' });
}
