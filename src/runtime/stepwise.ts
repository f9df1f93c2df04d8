/** Runs a plan step by step for the verifier, with each step's real inputs and outputs, before memory is used again. */

import type { HostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import type { PlacedTensor, Plan } from '../ir/plan.js';

/** What a visitor sees of a step. */
export interface StepIo {
  /** The step's inputs before its dispatches. Only before `readOutputs`. */
  readInputs(): Promise<HostArray[]>;
  /** Runs the step, then reads its outputs; `null` where the plan leaves one out. */
  readOutputs(): Promise<(HostArray | null)[]>;
}

export type StepVisitor = (stepIndex: number, io: StepIo) => Promise<void>;

/** What an executable lends to the walk. */
export interface StepMachine {
  readonly plan: Plan;
  /** Submits the dispatches of one step. */
  run(stepIndex: number): Promise<void>;
  read(tensors: readonly PlacedTensor[]): Promise<HostArray[]>;
}

/** Calls `visit` for each step; a step that it did not run by `readOutputs` runs after it. */
export async function walkSteps({ plan, run, read }: StepMachine, visit: StepVisitor): Promise<void> {
  for (const [index, step] of plan.steps.entries()) {
    let running: Promise<void> | undefined;
    const runOnce = (): Promise<void> => {
      running ??= run(index);
      return running;
    };
    await visit(index, {
      async readInputs() {
        if (running === undefined) return read(step.inputs);
        throw new HeddleError({
          op: step.label,
          message: 'readInputs() after readOutputs(): the step has run, its inputs may be overwritten',
          roles: ['inputs'],
          values: { step: index },
          fix: 'read the inputs first',
        });
      },
      async readOutputs() {
        await runOnce();
        const used = await read(step.outputs.filter((output) => output !== null));
        let next = 0;
        return step.outputs.map((output) => (output === null ? null : (used[next++] as HostArray)));
      },
    });
    await runOnce();
  }
}
