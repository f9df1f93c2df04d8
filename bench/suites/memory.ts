/** What a training step holds on the device, as measured for every engine, and as Heddle plans it. */

import { type BenchCase, type Contestant, expectedOfLosses, type Size } from '../case.js';
import { describeHeddle, type TrainingStep, trainingStep } from '../engines/heddle.js';
import { contestant } from '../engines/index.js';
import { HeldBuffers } from '../held.js';
import { once } from '../once.js';
import { expectedLosses } from '../oracle.js';
import { ENGINES, type EngineName } from '../row.js';
import type { Task } from '../task.js';
import { cnn, lstm, mlp, rnn } from '../tasks.js';

const NETWORKS: readonly ((size: Size) => Task)[] = [mlp, cnn, rnn, lstm];

/** Steps whose losses are compared. */
const CHECKED_STEPS = 2;
/** Steps of a sample, behind those of the check. */
const STEPS = 4;
const MEGABYTE = 1e6;

const PLANS = {
  planned: {
    about: "what Heddle's plan asks for: variables, inputs, constants and the buffers of temporaries",
    temporaries: 'peakBytes',
  },
  bound: {
    about: 'the same with the least bytes of temporaries that any plan of these steps in this order needs',
    temporaries: 'lowerBoundBytes',
  },
} as const;

export const memorySuite = (size: Size, engines: readonly EngineName[] = ENGINES): BenchCase[] =>
  NETWORKS.flatMap((make) => {
    const task = make(size);
    const about = `a training step of ${task.name}, Adam, batch ${task.batch}`;
    const expected = once(() => expectedOfLosses(expectedLosses(task, CHECKED_STEPS)));
    const shared = { suite: 'memory', unit: 'MB', runs: 1, expected };
    return [
      {
        ...shared,
        name: `${task.name}/measured`,
        about: `${about}: bytes of all buffers on the device at the peak of ${STEPS} steps behind the first, data and what pools keep of this work included`,
        contestants: engines.map((engine) => watched(contestant(engine, task, 'free'))),
      },
      ...(Object.keys(PLANS) as (keyof typeof PLANS)[]).map((plan) => ({
        ...shared,
        name: `${task.name}/${plan}`,
        about: `${about}: ${PLANS[plan].about}`,
        contestants: [planned(task, plan)],
      })),
    ];
  });

function watched(contestant: Contestant): Contestant {
  return {
    ...contestant,
    async open() {
      const held = new HeldBuffers();
      const work = await held.watch(() => contestant.open());
      return {
        ...work,
        results: (count) => held.watch(() => work.results(count)),
        async sample() {
          held.restart();
          await held.watch(() => work.run(STEPS));
          return held.peak / MEGABYTE;
        },
      };
    },
  };
}

const planned = (task: Task, plan: keyof typeof PLANS): Contestant => ({
  engine: 'heddle',
  describe: describeHeddle,
  async open() {
    const step = await trainingStep(task);
    const run = async (times: number) =>
      (await step.program.run({}, { times, collect: ['loss'] })).loss?.data;
    return {
      results: async (count) => Array.from((await run(count)) ?? []),
      async run(times) {
        await run(times);
      },
      sample: async () => bytesOf(step, plan) / MEGABYTE,
      dispose: step.dispose,
    };
  },
});

function bytesOf({ program }: TrainingStep, plan: keyof typeof PLANS): number {
  const stats = program.stats();
  const variables = program.executor.plan.variableArenas.reduce((sum, { bytes }) => sum + bytes(), 0);
  return variables + stats.inputBytes + stats.constantBytes + stats[PLANS[plan].temporaries];
}
