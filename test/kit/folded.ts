/**
 * Candidates with their workgroups folded after few, as large tensors are after many: a kernel that loses count of its rows shows it on
 * tensors of a test's size.
 */

import type { Candidate } from '../../src/ir/op.js';
import type { Launch } from '../../src/kernels/kernel.js';

/** Workgroups of a row. Odd, so that the last row is rarely whole. */
const WIDTH = 3;
const DECLARED = /\bFOLD_WIDTH = \d+u/;

/** Whether `launch` is of a kernel that counts rows, with enough workgroups for two of them. */
const folds = ({ kernel, workgroups: [x, y, z] }: Launch): boolean =>
  DECLARED.test(kernel.code) && x > WIDTH && y === 1 && z === 1;

/** The entry points of `candidate` that `folded` makes a difference to. */
export const foldingKernels = (candidate: Candidate): string[] =>
  candidate
    .lower()
    .dispatches.filter(({ launch }) => folds(launch))
    .map(({ launch }) => launch.kernel.entryPoint);

/** The same candidate in rows of three workgroups. */
export const folded = (candidate: Candidate): Candidate => ({
  key: `${candidate.key}, folded`,
  lower() {
    const { scratch, dispatches } = candidate.lower();
    return {
      scratch,
      dispatches: dispatches.map(({ launch, args }) => ({
        launch: folds(launch) ? inRows(launch) : launch,
        args,
      })),
    };
  },
});

function inRows({ kernel, workgroups: [count], params }: Launch): Launch {
  const code = kernel.code.replace(DECLARED, `FOLD_WIDTH = ${WIDTH}u`);
  return {
    kernel: { ...kernel, key: `${kernel.key};folded`, code },
    workgroups: [WIDTH, Math.ceil(count / WIDTH), 1],
    params,
  };
}
