/** The engines by name. TensorFlow.js is loaded only when it is first asked for. */

import type { Contestant } from '../case.js';
import type { EngineName } from '../row.js';
import type { Task } from '../task.js';
import { describeHeddle, openHeddle, openHeddleFit } from './heddle.js';

/** How the steps of a block are driven. */
export type Drive =
  /** No loss is read until the block ends. */
  | 'free'
  /** Every step's loss is awaited before the next step. */
  | 'read'
  /** The engine's own `fit`, whole epochs. */
  | 'fit';

export function contestant(engine: EngineName, task: Task, drive: Drive): Contestant {
  if (engine === 'heddle') {
    return {
      engine,
      describe: describeHeddle,
      open: () => (drive === 'fit' ? openHeddleFit(task) : openHeddle(task, drive)),
    };
  }
  const load = () => import('./tfjs.js');
  return {
    engine,
    async describe() {
      try {
        return await (await load()).describeTfjs();
      } catch {
        // Why it could not start stands in the row already.
        return { version: 'unknown', adapter: 'none' };
      }
    },
    async open() {
      const { openTfjs, openTfjsFit } = await load();
      return drive === 'fit' ? openTfjsFit(task) : openTfjs(task, drive);
    },
  };
}
