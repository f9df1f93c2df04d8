/** Which kernels run the recurrent ops, best first. */

import type { Candidate, LowerRequest } from '../../ir/op.js';
import { requireIndexable } from '../../kernels/attachment.js';
import { type RecurrentLimits, recurrentLimits } from './dispatches.js';
import { gruCandidates, gruGradientCandidates } from './lower-gru.js';
import { lstmCandidates, lstmGradientCandidates } from './lower-lstm.js';
import { simpleRnnCandidates, simpleRnnGradientCandidates } from './lower-simple-rnn.js';
import type { Cell, SequenceAttrs, SequenceGradientAttrs } from './shape.js';

export { weightGradientCandidates } from './lower-weights.js';

const SEQUENCE = { simpleRnn: simpleRnnCandidates, gru: gruCandidates, lstm: lstmCandidates } as const;

const GRADIENT = {
  simpleRnn: simpleRnnGradientCandidates,
  gru: gruGradientCandidates,
  lstm: lstmGradientCandidates,
} as const;

/** `limits` are those of the device, unless a test asks for others. */
export function sequenceCandidates(
  cell: Cell,
  request: LowerRequest<SequenceAttrs>,
  limits: RecurrentLimits = recurrentLimits(request.capabilities),
): readonly Candidate[] {
  requireAllIndexable(`${cell}Sequence`, request);
  return SEQUENCE[cell](request, limits);
}

export function sequenceGradientCandidates(
  cell: Cell,
  request: LowerRequest<SequenceGradientAttrs>,
  limits: RecurrentLimits = recurrentLimits(request.capabilities),
): readonly Candidate[] {
  requireAllIndexable(`${cell}SequenceGradient`, request);
  return GRADIENT[cell](request, limits);
}

function requireAllIndexable(op: string, { inputs, outputs }: LowerRequest): void {
  for (const { shape } of [...inputs, ...outputs]) requireIndexable(op, shape);
}
