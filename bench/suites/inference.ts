/** Inference: from a call with one example in a host array to the host array of its result, awaited, again and again. */

import type { BenchCase, Contestant, Expected, Size } from '../case.js';
import { describeHeddle } from '../engines/heddle.js';
import { describeHeddleProgram, openHeddlePredict, openHeddleProgram } from '../engines/heddle-inference.js';
import { lazyContestant } from '../engines/lazy.js';
import { once } from '../once.js';
import { expectedOutput } from '../oracle.js';
import { ENGINES, type EngineName } from '../row.js';
import type { Task } from '../task.js';
import { cnn, lstm, mlp } from '../tasks.js';

const NETWORKS: readonly { readonly make: (size: Size) => Task; readonly about: string }[] = [
  { make: mlp, about: 'dense 784-128-10' },
  { make: cnn, about: 'conv 32, pool, conv 64, pool, dense 128-10 on 28×28' },
  { make: lstm, about: 'LSTM, 40 steps of 64 features, 128 units, its last state into dense 10' },
];

/** Of the largest output. */
const TOLERANCE = 2e-4;

export const inferenceSuite = (size: Size, engines: readonly EngineName[] = ENGINES): BenchCase[] =>
  NETWORKS.map(({ make, about }) => {
    const task = firstExample(make(size));
    return {
      suite: 'inference',
      name: task.name,
      about: `${about}, one example, from host array to host array; predict of a model, in jax-js a jitted function`,
      unit: 'ms',
      steps: 1,
      expected: once(() => expectedOf(task)),
      contestants: engines.flatMap((engine) => contestantsOf(engine, task)),
    };
  });

function contestantsOf(engine: EngineName, task: Task): Contestant[] {
  if (engine === 'heddle') {
    return [
      { engine, describe: describeHeddle, open: () => openHeddlePredict(task) },
      { engine, describe: describeHeddleProgram, open: () => openHeddleProgram(task) },
    ];
  }
  return [lazyContestant(engine, engine === 'tfjs' ? () => tfjs(task) : () => jax(task))];
}

async function tfjs(task: Task) {
  const [{ describeTfjs }, { openTfjsPredict }] = await Promise.all([
    import('../engines/tfjs.js'),
    import('../engines/tfjs-inference.js'),
  ]);
  return { describe: describeTfjs, open: () => openTfjsPredict(task) };
}

async function jax(task: Task) {
  const [{ describeJax }, { openJaxPredict }] = await Promise.all([
    import('../engines/jax.js'),
    import('../engines/jax-inference.js'),
  ]);
  return { describe: describeJax, open: () => openJaxPredict(task) };
}

const firstExample = (task: Task): Task => ({
  ...task,
  rows: 1,
  batch: 1,
  x: task.x.slice(0, task.features),
  y: task.y.slice(0, 1),
});

function expectedOf(task: Task): Expected {
  const values = expectedOutput(task, 0);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { values, tolerance: () => TOLERANCE * largest, name: (index) => `output ${index}` };
}
