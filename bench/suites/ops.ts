/** The suites of single ops, a suite for each family: the same op, forward or backward, by all engines. */

import { type BenchCase, controlOf, type Size } from '../case.js';
import { opContestant } from '../engines/ops.js';
import { once } from '../once.js';
import { convolutionTasks } from '../ops/convolution.js';
import { elementwiseTasks } from '../ops/elementwise.js';
import { matmulTasks } from '../ops/matmul.js';
import { normalisationTasks } from '../ops/normalisation.js';
import { optimizerTasks } from '../ops/optimizer.js';
import { poolingTasks } from '../ops/pooling.js';
import { expectedOf } from '../ops/probes.js';
import { reductionTasks } from '../ops/reductions.js';
import { softmaxTasks } from '../ops/softmax.js';
import type { OpTask } from '../ops/task.js';
import { ENGINES, type EngineName, type Row } from '../row.js';
import type { Suite } from './index.js';

/** The lines of a chart are engines, its places the square products. */
const square = ({ case: name, engine }: Row): readonly [line: string, x: number] | null => {
  const [, extent] = /^matmul\/(\d+)$/.exec(name) ?? [];
  return extent === undefined ? null : [engine, Number(extent)];
};

interface Extras extends Pick<Suite, 'charts'> {
  /** The case on which Heddle runs beside itself. */
  readonly control?: Readonly<Record<Size, string>>;
}

const opSuite = (
  suite: string,
  about: string,
  tasks: (size: Size) => OpTask[],
  { charts, control }: Extras = {},
): Readonly<Record<string, Suite>> => ({
  [suite]: {
    about,
    cases(size, engines = ENGINES) {
      const cases = tasks(size).map((task) => caseOf(suite, task, { size, engines }));
      const beside = cases.find(({ name }) => name === control?.[size]);
      return [...cases, ...(beside ? [controlOf(beside)] : [])];
    },
    ...(charts ? { charts } : {}),
  },
});

interface Asked {
  readonly size: Size;
  readonly engines: readonly EngineName[];
}

function caseOf(suite: string, task: OpTask, { size, engines }: Asked): BenchCase {
  const { name, about, cost } = task;
  return {
    suite,
    name,
    about,
    unit: 'ms',
    cost,
    ...(size === 'tiny' ? { steps: 2 } : {}),
    expected: once(() => expectedOf(task)),
    contestants: engines.map((engine) => opContestant(engine, task)),
  };
}

export const OP_SUITES: Readonly<Record<string, Suite>> = {
  ...opSuite('matmul', 'products of matrices: square, skinny, transposed, batched', matmulTasks, {
    charts: [
      {
        title: 'Products of square matrices, GFLOP/s',
        x: 'rows and columns',
        logarithmic: true,
        place: square,
        y: ({ gflops }) => gflops,
      },
    ],
    control: { full: 'matmul/256', tiny: 'matmul/17' },
  }),
  ...opSuite('convolution', 'convolutions of images and their gradients', convolutionTasks),
  ...opSuite('pooling', 'maxima and averages of windows, and their gradients', poolingTasks),
  ...opSuite('reductions', 'sums, means and maxima of all, of rows, of columns', reductionTasks),
  ...opSuite('softmax', 'softmax, log-softmax, and cross-entropy with its gradient', softmaxTasks),
  ...opSuite('normalisation', 'batch and layer normalisation', normalisationTasks),
  ...opSuite('elementwise', 'sums, a bias, a chain of ops, a product summed up', elementwiseTasks),
  ...opSuite('optimizer', 'Adam, and gradient descent with momentum', optimizerTasks),
};
