/** Recurrent cells over whole sequences of several lengths: forward, and forward and backward, without a loss or an optimizer. */

import type { BenchCase, Contestant, Size } from '../case.js';
import { type CellPart, type CellTask, cellTask, costOfCell, expectedOfCell } from '../cells.js';
import { describeHeddle } from '../engines/heddle.js';
import { openHeddleCell } from '../engines/heddle-cells.js';
import { lazyContestant } from '../engines/lazy.js';
import { once } from '../once.js';
import { ENGINES, type EngineName } from '../row.js';
import type { RecurrentLayer } from '../task.js';
import type { Sequences } from '../tasks.js';

const CELLS: readonly RecurrentLayer['cell'][] = ['simpleRNN', 'gru', 'lstm'];

const PARTS: Readonly<Record<CellPart, string>> = {
  forward: 'the states of all steps',
  backward: 'forward, and the gradients of the sequences and of all weights from a gradient of all states',
};

const EXTENTS: Readonly<Record<Size, Omit<Sequences, 'steps'> & { readonly lengths: readonly number[] }>> = {
  full: { batch: 32, features: 64, units: 128, lengths: [10, 40, 100] },
  tiny: { batch: 3, features: 5, units: 8, lengths: [3] },
};

/** TensorFlow.js takes seconds for a step over longer sequences on a software adapter. */
const LONGEST_OF_PEERS = 40;

export function cellsSuite(size: Size, engines: readonly EngineName[] = ENGINES): BenchCase[] {
  const { lengths, ...extents } = EXTENTS[size];
  return CELLS.flatMap((cell) =>
    lengths.flatMap((steps) => {
      const task = cellTask(`${cell}/${steps}`, cell, { ...extents, steps });
      const other = cell === 'gru' ? cellTask(task.name, 'gruResetBefore', { ...extents, steps }) : null;
      return (Object.keys(PARTS) as CellPart[]).map((part) =>
        caseOf(
          task,
          other,
          part,
          engines.filter(
            (engine) =>
              engine === 'heddle' || (steps <= LONGEST_OF_PEERS && (engine === 'tfjs' || cell !== 'gru')),
          ),
        ),
      );
    }),
  );
}

/** `other` is what TensorFlow.js does instead. */
function caseOf(
  task: CellTask,
  other: CellTask | null,
  part: CellPart,
  engines: readonly EngineName[],
): BenchCase {
  const { layer, batch, steps, features, units } = task;
  const notes = [
    ...(layer.cell === 'gru' && engines.includes('tfjs')
      ? [
          'TensorFlow.js has the older kind alone, with its reset gate before the product, and is checked against that',
        ]
      : []),
    ...(steps > LONGEST_OF_PEERS ? ['Heddle alone: others take seconds for sequences of this length'] : []),
  ];
  return {
    suite: 'cells',
    name: `${task.name}/${part}`,
    about: [
      `${layer.cell}, ${steps} steps of ${features} features, ${units} units, batch ${batch}: ${PARTS[part]}`,
      ...notes,
    ].join('; '),
    unit: 'ms',
    cost: costOfCell(task, part),
    expected: once(() => expectedOfCell(task, part)),
    contestants: engines.map((engine): Contestant => {
      if (engine === 'heddle')
        return { engine, describe: describeHeddle, open: () => openHeddleCell(task, part) };
      if (engine === 'jax-js') return jax(task, part);
      const expected = once(() => expectedOfCell(other ?? task, part));
      return { ...tfjs(other ?? task, part), ...(other ? { expected } : {}) };
    }),
  };
}

const tfjs = (task: CellTask, part: CellPart): Contestant =>
  lazyContestant('tfjs', async () => {
    const [{ describeTfjs }, { openTfjsCell }] = await Promise.all([
      import('../engines/tfjs.js'),
      import('../engines/tfjs-cells.js'),
    ]);
    return { describe: describeTfjs, open: () => openTfjsCell(task, part) };
  });

const jax = (task: CellTask, part: CellPart): Contestant =>
  lazyContestant('jax-js', async () => {
    const [{ describeJax }, { openJaxCell }] = await Promise.all([
      import('../engines/jax.js'),
      import('../engines/jax-cells.js'),
    ]);
    return { describe: describeJax, open: () => openJaxCell(task, part) };
  });
