/** A step went wrong: finds the first layer whose numbers are not finite, and says so. */

import { HeddleError, type HostTensor, type Program } from '../../engine/index.js';

export interface Halt {
  readonly epoch: number;
  readonly batch: number;
  /** From 1. */
  readonly step: number;
  /** What the loss was; finite where a gradient was at fault. */
  readonly loss: number;
}

interface Culprit {
  readonly layer: string;
  readonly op: string;
}

/**
 * The error for a step that halted. Runs the step again, kernel by kernel: the device has kept the weights and the cursor of before,
 * and still refuses to change them.
 */
export async function nonFiniteError(program: Program, halt: Halt): Promise<HeddleError> {
  const { epoch, batch, step, loss } = halt;
  const culprit = program.backend.kind === 'webgpu' ? await firstNonFinite(program) : null;
  const where = culprit
    ? `; the first numbers that are not finite come from ${culprit.op} in ${culprit.layer || 'the loss'}`
    : '';
  const what = Number.isFinite(loss) ? 'a gradient is not finite' : `the loss is ${loss}`;
  return new HeddleError({
    op: 'fit',
    message: `${what} at step ${step} (epoch ${epoch}, batch ${batch})${where}`,
    roles: ['loss'],
    values: { epoch, batch, step, loss, layer: culprit?.layer ?? '', kernel: culprit?.op ?? '' },
    fix: 'the weights are those of the last finite step; lower the learning rate, or check the loss (log or division near 0)',
  });
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
