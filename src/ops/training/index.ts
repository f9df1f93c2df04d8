/** The ops of a training step around forward and backward pass. Internal: optimizers and `fit` use them, users do not. */

export { type AdamArguments, type AdamResults, adamOp, adamUpdate } from './adam.js';
export { type CommitArguments, commit, commitOp } from './commit.js';
export { type NextBatchArguments, nextBatch, nextBatchOp } from './next-batch.js';
export { type SgdArguments, type SgdResults, sgdOp, sgdUpdate } from './sgd.js';
export {
  CONTROL_ORDER,
  TAIL_STATE,
  type TailArguments,
  type TailState,
  trainingTail,
  trainingTailOp,
} from './training-tail.js';
