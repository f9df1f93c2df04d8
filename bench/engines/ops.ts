/** The engines' sides of op tasks. */

import type { Contestant } from '../case.js';
import type { OpTask } from '../ops/task.js';
import type { EngineName } from '../row.js';
import { describeHeddle } from './heddle.js';
import { openHeddleOp } from './heddle-ops.js';
import { lazyContestant } from './lazy.js';

export function opContestant(engine: EngineName, task: OpTask): Contestant {
  switch (engine) {
    case 'heddle':
      return { engine, describe: describeHeddle, open: () => openHeddleOp(task) };
    case 'tfjs':
      return lazyContestant(engine, async () => {
        const [{ describeTfjs }, { openTfjsOp }] = await Promise.all([
          import('./tfjs.js'),
          import('./tfjs-ops.js'),
        ]);
        return { describe: describeTfjs, open: () => openTfjsOp(task) };
      });
    case 'jax-js':
      return lazyContestant(engine, async () => {
        const [{ describeJax }, { openJaxOp }] = await Promise.all([
          import('./jax.js'),
          import('./jax-ops.js'),
        ]);
        return { describe: describeJax, open: () => openJaxOp(task) };
      });
  }
}
