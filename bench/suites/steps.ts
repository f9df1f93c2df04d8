/** Whole training steps: forward, backward, Adam. */

import type { BenchCase, Size } from '../case.js';
import { contestant, type Drive } from '../engines/index.js';
import { expectedLosses } from '../oracle.js';
import { ENGINES, type EngineName } from '../row.js';
import { celsius, fashionMnist, mlp, type Task } from '../task.js';

/** Steps whose losses are compared before anything is timed. */
const CHECKED_STEPS = 5;

const DRIVES: Readonly<Record<Drive, string>> = {
  free: 'nothing is read until the last step, whose loss ends the block',
  read: "every step's loss is awaited before the next step",
  fit: "the engine's own fit: shuffled, with accuracy, one epoch a block, from call to history",
};

const TASKS: readonly {
  readonly make: (size: Size) => Task;
  readonly about: string;
  /** Steps of a timed block. */
  readonly drives: Partial<Record<Drive, number>>;
}[] = [
  { make: celsius, about: 'dense 1→1, 7 examples', drives: { free: 256, read: 32 } },
  { make: mlp, about: 'dense 784-128-10, batch 128', drives: { free: 8, read: 4 } },
  { make: fashionMnist, about: 'dense 784-128-10, 60 batches of 32', drives: { fit: 60 } },
];

export function stepsSuite(size: Size, engines: readonly EngineName[] = ENGINES): BenchCase[] {
  const cases = TASKS.flatMap(({ make, about, drives }) => {
    const task = make(size);
    return (Object.keys(drives) as Drive[]).map((drive) => {
      const steps = drive === 'fit' ? task.rows / task.batch : size === 'tiny' ? 4 : (drives[drive] ?? 1);
      return caseOf({ task, drive, about, steps, engines });
    });
  });
  const task = mlp(size);
  const control = caseOf({
    task,
    drive: 'free',
    about: 'Heddle beside itself on mlp/free: the ratio must be 1',
    steps: size === 'tiny' ? 4 : 8,
    engines: ['heddle', 'heddle'],
  });
  return [...cases, { ...control, name: 'control' }];
}

interface CaseParts {
  readonly task: Task;
  readonly drive: Drive;
  readonly about: string;
  readonly steps: number;
  readonly engines: readonly EngineName[];
}

function caseOf({ task, drive, about, steps, engines }: CaseParts): BenchCase {
  return {
    suite: 'steps',
    name: `${task.name}/${drive}`,
    about: `${about}, Adam; ${DRIVES[drive]}`,
    unit: 'ms/step',
    steps,
    expected: () => expectedLosses(task, CHECKED_STEPS),
    contestants: engines.map((engine) => contestant(engine, task, drive)),
  };
}
