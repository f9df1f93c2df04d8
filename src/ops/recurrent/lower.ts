/** Which kernels run the recurrent ops, best first. */

import type { Candidate, LowerRequest } from '../../ir/op.js';
import { type RecurrentLimits, recurrentLimits } from './dispatches.js';
import { gruCandidates, gruGradientCandidates } from './lower-gru.js';
import { lstmCandidates, lstmGradientCandidates } from './lower-lstm.js';
import { simpleRnnCandidates, simpleRnnGradientCandidates } from './lower-simple-rnn.js';
import type { Cell, SequenceAttrs, SequenceGradientAttrs } from './shape.js';

export { weightGradientCandidates } from './lower-weights.js';

/** `limits` are those of the device, unless a test asks for others. */
export function sequenceCandidates(
  cell: Cell,
  request: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits = recurrentLimits(request.capabilities),
): readonly Candidate[] {
  if (cell === 'lstm') return lstmCandidates(request, limits);
  if (cell === 'simpleRnn') return simpleRnnCandidates(request, limits);
  return gruCandidates(request, limits);
}

export function sequenceGradientCandidates(
  cell: Cell,
  request: LowerRequest<SequenceGradientAttrs>,
  limits: RecurrentLimits = recurrentLimits(request.capabilities),
): readonly Candidate[] {
  if (cell === 'lstm') return lstmGradientCandidates(request, limits);
  if (cell === 'simpleRnn') return simpleRnnGradientCandidates(request, limits);
  return gruGradientCandidates(request, limits);
}
