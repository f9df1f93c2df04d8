/** The engines by name. TensorFlow.js is loaded only when it is first asked for. */

import type { Contestant } from '../case.js';
import type { EngineName } from '../row.js';
import type { Task } from '../task.js';
import { heddleVersion, openHeddle, openHeddleFit } from './heddle.js';

/** How the steps of a block are driven. */
export type Drive =
  /** No loss is read until the block ends. */
  | 'free'
  /** Every step's loss is awaited before the next step. */
  | 'read'
  /** The engine's own `fit`, one epoch a block. */
  | 'fit';

export function contestant(engine: EngineName, task: Task, drive: Drive): Contestant {
  return {
    engine,
    async open() {
      if (engine === 'heddle') return drive === 'fit' ? openHeddleFit(task) : openHeddle(task, drive);
      const { openTfjs, openTfjsFit } = await import('./tfjs.js');
      return drive === 'fit' ? openTfjsFit(task) : openTfjs(task, drive);
    },
  };
}

/** Of an engine that has run, or tried to. */
export async function versionsAndAdapters(engine: EngineName): Promise<{ version: string; adapter: string }> {
  if (engine === 'heddle') return heddleVersion();
  try {
    return await (await import('./tfjs.js')).tfjsVersion();
  } catch {
    return { version: 'unknown', adapter: 'none' };
  }
}
