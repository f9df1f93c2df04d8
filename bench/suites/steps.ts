/** Whole training steps: forward, backward, Adam. */

import {
  type BenchCase,
  type Contestant,
  controlOf,
  type Expected,
  expectedOfLosses,
  type Size,
} from '../case.js';
import { contestant, type Drive, engineHas } from '../engines/index.js';
import { once } from '../once.js';
import { expectedLosses } from '../oracle.js';
import { ENGINES, type EngineName } from '../row.js';
import { stepsPerEpoch, type Task } from '../task.js';
import { celsius, cnn, fashionMnist, gru, gruResetBefore, lstm, mlp, rnn } from '../tasks.js';

/** Steps whose losses are compared before anything is timed. */
const CHECKED_STEPS = 4;

const DRIVES: Readonly<Record<Drive, string>> = {
  free: 'nothing is read until the last step, whose loss ends the block',
  read: "every step's loss is awaited before the next step",
  fit: "the engine's own fit: whole epochs, shuffled, from call to history; classifiers with accuracy",
};

const TASKS: readonly {
  readonly make: (size: Size) => Task;
  readonly about: string;
  /** Steps of a timed block. */
  readonly drives: Partial<Record<Drive, number>>;
  /** Who takes no part. */
  readonly without?: readonly EngineName[];
  /** What TensorFlow.js does instead. */
  readonly inTfjs?: (size: Size) => Task;
}[] = [
  { make: celsius, about: 'dense 1→1, 7 examples', drives: { free: 256, read: 32, fit: 100 } },
  { make: mlp, about: 'dense 784-128-10, batch 128', drives: { free: 8, read: 4 } },
  {
    make: cnn,
    about: 'conv 32, pool, conv 64, pool, dense 128-10 on 28×28, batch 32',
    drives: { free: 3, read: 2 },
  },
  {
    make: rnn,
    about: 'simple recurrent cell, 40 steps of 32 features, 64 units, batch 32, its last state into dense 10',
    drives: { free: 8, read: 4 },
  },
  {
    make: lstm,
    about: 'LSTM, 40 steps of 64 features, 128 units, batch 32, its last state into dense 10',
    drives: { free: 2, read: 2 },
  },
  {
    make: gru,
    about:
      'GRU, 40 steps of 64 features, 128 units, batch 32, its last state into dense 10; TensorFlow.js has the older kind alone, with its reset gate before the product, and is checked against that',
    drives: { free: 2, read: 2 },
    without: ['jax-js'],
    inTfjs: gruResetBefore,
  },
  { make: fashionMnist, about: 'dense 784-128-10, 60 batches of 32', drives: { fit: 60 } },
];

export function stepsSuite(size: Size, engines: readonly EngineName[] = ENGINES): BenchCase[] {
  const tasks = TASKS.map(({ make, inTfjs, ...rest }) => {
    const task = make(size);
    const other = inTfjs?.(size);
    return { ...rest, task, expected: lossesOf(task), neighbour: other && neighbourTask(other) };
  });
  const caseOf = (
    { task, about, drives, expected, neighbour }: (typeof tasks)[number],
    drive: Drive,
    contestants: readonly EngineName[],
  ): BenchCase => ({
    suite: 'steps',
    name: `${task.name}/${drive}`,
    about: `${about}, Adam; ${DRIVES[drive]}`,
    unit: 'ms/step',
    steps: stepsOf(task, drive, size, drives),
    expected,
    first: drive === 'free',
    contestants: contestants.map((engine): Contestant => {
      if (engine !== 'tfjs' || !neighbour) return contestant(engine, task, drive);
      return { ...contestant(engine, neighbour.task, drive), expected: neighbour.expected };
    }),
  });
  const cases = tasks.flatMap((one) =>
    (Object.keys(one.drives) as Drive[]).map((drive) =>
      caseOf(
        one,
        drive,
        engines.filter((engine) => engineHas(engine, drive) && !one.without?.includes(engine)),
      ),
    ),
  );
  const mlpCase = cases.find(({ name }) => name === 'mlp/free') as BenchCase;
  return [...cases, controlOf(mlpCase)];
}

const lossesOf = (task: Task): (() => Expected) =>
  once(() => expectedOfLosses(expectedLosses(task, CHECKED_STEPS)));

const neighbourTask = (task: Task) => ({ task, expected: lossesOf(task) });

function stepsOf(task: Task, drive: Drive, size: Size, steps: Partial<Record<Drive, number>>): number {
  const full = steps[drive] ?? 1;
  if (size === 'full') return full;
  return drive === 'fit' ? stepsPerEpoch(task) : Math.min(full, 4);
}
