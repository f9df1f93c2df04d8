/** JavaScript's share: how long it takes to ask the device for a dispatch, beside a loop that does nothing else. */

import { countCalls } from '../calls.js';
import { type BenchCase, type Contestant, expectedOfLosses, NOTHING_EXPECTED, type Size } from '../case.js';
import { describeBareLoop, microseconds, openBareLoop } from '../engines/bare-loop.js';
import { describeHeddle, trainingStep } from '../engines/heddle.js';
import { contestant } from '../engines/index.js';
import { once } from '../once.js';
import { expectedLosses } from '../oracle.js';
import { ENGINES, type EngineName } from '../row.js';
import type { Task } from '../task.js';
import { celsius, cnn, lstm } from '../tasks.js';

/** Dispatches of one call at least, and calls of a sample; clocks of browsers are coarse. */
const EXTENTS: Readonly<Record<Size, { readonly dispatches: number; readonly rounds: number }>> = {
  full: { dispatches: 2000, rounds: 8 },
  tiny: { dispatches: 64, rounds: 2 },
};

const CHECKED_STEPS = 2;
/** Steps of TensorFlow.js between two reads. */
const TFJS_STEPS = 4;

export const javascriptSuite = (size: Size, engines: readonly EngineName[] = ENGINES): BenchCase[] =>
  // The extents of the work don't matter to JavaScript: small ones leave the device idle.
  [celsius(), cnn('tiny'), lstm('tiny')].map((task) => ({
    suite: 'javascript',
    name: task.name,
    about: `from the call that asks for training steps of ${task.name}, at tiny extents, to its return, by dispatch; the bare loop sets a pipeline and a bind group for each. Nothing is waited for; jax-js takes no part, as it asks the device behind an await`,
    unit: 'µs/dispatch',
    expected: once(() => expectedOfLosses(expectedLosses(task, CHECKED_STEPS))),
    contestants: engines.flatMap((engine) => contestantsOf(engine, task, size)),
  }));

function contestantsOf(engine: EngineName, task: Task, size: Size): Contestant[] {
  const { dispatches, rounds } = EXTENTS[size];
  if (engine === 'tfjs') return [synchronousPart(contestant(engine, task, 'free'), rounds / 2)];
  if (engine !== 'heddle') return [];
  return [
    { engine, describe: describeHeddle, open: () => openHeddle(task, dispatches, rounds) },
    {
      engine,
      describe: describeBareLoop,
      open: () => openBareLoop(dispatches, rounds),
      expected: () => NOTHING_EXPECTED,
    },
  ];
}

async function openHeddle(task: Task, least: number, rounds: number) {
  const { program, dispose } = await trainingStep(task);
  const { dispatches } = program.stats();
  const times = Math.ceil(least / dispatches);
  const submit = (): void => program.submit({}, times);
  return {
    async results(steps: number) {
      const { loss } = await program.run({}, { times: steps, collect: ['loss'] });
      return Array.from(loss?.data ?? []);
    },
    async run() {
      submit();
      await program.run();
    },
    sample: () => microseconds(submit, () => program.run(), times * dispatches, rounds),
    dispose,
  };
}

/** Of a block of steps all that comes before its first `await`, which is all but the read. */
const synchronousPart = (contestant: Contestant, rounds: number): Contestant => ({
  ...contestant,
  async open() {
    const work = await contestant.open();
    const block = (): Promise<void> => work.run(TFJS_STEPS);
    let dispatches: number | null = null;
    return {
      ...work,
      async sample() {
        dispatches ??= (await countCalls(1, block)).dispatches;
        let waiting: Promise<void> | null = null;
        const submit = (): void => {
          waiting = block();
        };
        return microseconds(submit, async () => waiting, dispatches, rounds);
      },
    };
  },
});
