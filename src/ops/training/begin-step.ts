/** `beginStep`: the control scalars of a graph program, which has no tail to count its steps. Internal to training; no gradient. */

import { HeddleError } from '../../core/errors.js';
import { sizeOf } from '../../core/shape.js';
import { apply, type Value } from '../../ir/graph.js';
import type { OpDef } from '../../ir/op.js';
import { beginStep as beginStepKernel } from '../../kernels/begin-step.js';
import { named } from './named.js';
import { updateGroup } from './optimizer-parts.js';

/** Its inputs and outputs in order, each uint32 [], in consecutive 256-byte slots: the part of `CONTROL_ORDER` that optimizers use. */
const STEP_CONTROL = ['step', 'apply', 'fault'] as const;

export type StepControlValues = Readonly<Record<(typeof STEP_CONTROL)[number], Value>>;

export const beginStepOp: OpDef = {
  name: 'beginStep',
  infer(inputs) {
    const fits =
      inputs.length === 3 && inputs.every(({ dtype, shape }) => dtype === 'uint32' && sizeOf(shape) === 1);
    if (fits) return inputs;
    throw new HeddleError({
      op: 'beginStep',
      message: 'step, apply and fault are not all uint32 scalars',
      roles: STEP_CONTROL,
      values: { inputs },
      fix: 'pass three uint32 scalars',
    });
  },
  reference([step], [stepAfter, applyAfter, faultAfter]) {
    stepAfter?.data.set([(step?.data[0] as number) + 1]);
    applyAfter?.data.set([1]);
    faultAfter?.data.set([0]);
  },
  candidates: () => [
    {
      key: 'begin_step',
      lower: () => ({
        scratch: [],
        dispatches: [{ launch: beginStepKernel(), args: [updateGroup(0, 0, 3)] }],
      }),
    },
  ],
};

/** step + 1, apply = 1, fault = 0; all in place. */
export const beginStep = ({ step, apply: applied, fault }: StepControlValues): StepControlValues =>
  named(STEP_CONTROL, apply(beginStepOp, [step, applied, fault], {}));
