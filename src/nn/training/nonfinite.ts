/** A step went wrong: finds the first layer whose numbers are not finite, and says so. */

import { type Feeds, HeddleError, type HostTensor, type Program } from '../../engine/index.js';
import type { Trainer } from './trainer.js';

export interface Halt {
  readonly epoch: number;
  readonly batch: number;
  /** From 1. */
  readonly step: number;
  /** What the loss was; of no account where the update is at fault. */
  readonly loss: number;
  /** Whether the loss was finite, and the weights that the step gave were not. */
  readonly update: boolean;
}

interface Culprit {
  readonly layer: string;
  readonly op: string;
}

/**
 * The error for a step that went wrong. One with a loss that is not finite runs again, kernel by kernel: the device has kept the
 * weights and the cursor of before, and still refuses to change them.
 */
async function nonFiniteError(trainer: Trainer, program: Program, halt: Halt): Promise<HeddleError> {
  const { epoch, batch, step, loss, update } = halt;
  const culprit = !update && program.backend.kind === 'webgpu' ? await firstNonFinite(program) : null;
  const where = culprit
    ? `; the first numbers that are not finite come from ${culprit.op} in ${culprit.layer || 'the loss'}`
    : '';
  const what = update ? 'a gradient or a new weight is not finite' : `the loss is ${loss}`;
  return new HeddleError({
    op: trainer.running,
    message: `${what} at step ${step} (epoch ${epoch}, batch ${batch})${where}`,
    roles: [update ? 'gradients' : 'loss'],
    values: {
      epoch,
      batch,
      step,
      ...(update ? {} : { loss }),
      layer: culprit?.layer ?? '',
      kernel: culprit?.op ?? '',
    },
    fix: `${update ? 'elements that would not be finite kept their values' : 'the weights are those of the last finite step'}; lower the learning rate, or check the loss (log or division near 0)`,
  });
}

/**
 * The error for the step `at`, which the device refused to take, with the model ready to train on. It refuses a step whose loss is not
 * finite, and the one after an update that was not.
 */
export async function refusedStep(
  trainer: Trainer,
  program: Program,
  feeds: Feeds,
  at: Omit<Halt, 'update'>,
): Promise<HeddleError> {
  const update = (await trainer.network.control.fault.data())[0] !== 0;
  program.feed(feeds);
  const before = { step: at.step - 1, batch: Math.max(0, at.batch - 1) };
  const error = await nonFiniteError(trainer, program, { ...at, ...(update ? before : {}), update });
  trainer.clearFaults();
  return error;
}

/** Throws where the update of the last step, `last`, was not finite: no later step has told. */
export async function checkLastUpdate(trainer: Trainer, last: Omit<Halt, 'update'> | null): Promise<void> {
  const { network, lastProgram } = trainer;
  const [fault = 0] = await network.control.fault.data();
  if (last && lastProgram && fault !== 0) throw await lastUpdateError(trainer, lastProgram, last);
}

/** The error for an update of the last step, a step of `program`, that was not finite. */
export function lastUpdateError(
  trainer: Trainer,
  program: Program,
  last: Omit<Halt, 'update'>,
): Promise<HeddleError> {
  trainer.clearFaults();
  return nonFiniteError(trainer, program, { ...last, update: true });
}

async function firstNonFinite(program: Program): Promise<Culprit | null> {
  let culprit: Culprit | null = null;
  await program.executor.stepwise(({ step, inputs, outputs }) => {
    if (culprit || inputs.some(hasNonFinite) || !outputs.some((output) => output && hasNonFinite(output)))
      return;
    culprit = { layer: step.node.scope, op: step.label };
  });
  return culprit;
}

const EXPONENT = 0x7f800000;

function hasNonFinite({ data, dtype }: HostTensor): boolean {
  if (dtype !== 'float32' || !(data instanceof Float32Array)) return false;
  return new Uint32Array(data.buffer, data.byteOffset, data.length).some(
    (bits) => (bits & EXPONENT) === EXPONENT,
  );
}
