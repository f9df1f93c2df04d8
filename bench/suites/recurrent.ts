/** How a training step of each recurrent cell grows with the length of the sequences: in time, and in dispatches. Heddle alone. */

import { type BenchCase, expectedOfLosses, type Size } from '../case.js';
import { contestant } from '../engines/index.js';
import { expectedLosses } from '../oracle.js';
import type { RecurrentLayer } from '../task.js';
import { sequenceTask } from '../tasks.js';

const CELLS: readonly RecurrentLayer['cell'][] = ['simpleRNN', 'gru', 'lstm'];

/** Lengths, and the steps of a timed block. */
const LENGTHS: Readonly<Record<Size, readonly (readonly [length: number, steps: number])[]>> = {
  full: [
    [10, 32],
    [30, 16],
    [100, 8],
    [300, 4],
    [1000, 2],
  ],
  tiny: [
    [2, 2],
    [7, 2],
  ],
};

/** Small, so that the longest sequences take no minutes. */
const EXTENTS = { batch: 8, features: 16, units: 64 };

/** Steps whose losses are compared. */
const CHECKED_STEPS = 2;

export function recurrentSuite(size: Size): BenchCase[] {
  return CELLS.flatMap((cell) =>
    LENGTHS[size].map(([length, steps]): BenchCase => {
      const task = sequenceTask(`${cell}/${length}`, cell, { ...EXTENTS, steps: length });
      const { batch, features, units } = EXTENTS;
      return {
        suite: 'recurrent',
        name: task.name,
        about: `${cell}, ${length} steps of ${features} features, ${units} units, batch ${batch}, its last state into dense 10, Adam; free-running`,
        unit: 'ms/step',
        steps,
        expected: () => expectedOfLosses(expectedLosses(task, CHECKED_STEPS)),
        contestants: [contestant('heddle', task, 'free')],
      };
    }),
  );
}
