/** The engines by name. A peer is loaded only when it is first asked for. */

import type { Contestant, Identity, Work } from '../case.js';
import type { EngineName } from '../row.js';
import type { Task } from '../task.js';
import { describeHeddle, openHeddle, openHeddleFit } from './heddle.js';
import { lazyContestant } from './lazy.js';

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
  return lazyContestant(engine, async () => {
    const { describe, open, openFit } = await PEERS[engine]();
    return {
      describe,
      async open() {
        if (drive !== 'fit') return open(task, drive);
        if (!openFit) throw new Error(`${engine} has no fit`);
        return openFit(task);
      },
    };
  });
}

/** Which engines have something to be driven so. */
export const engineHas = (engine: EngineName, drive: Drive): boolean =>
  drive !== 'fit' || engine !== 'jax-js';

interface Peer {
  describe(): Promise<Identity>;
  open(task: Task, drive: 'free' | 'read'): Promise<Work>;
  /** Absent where the engine has none. */
  openFit?(task: Task): Promise<Work>;
}

const PEERS: Readonly<Record<Exclude<EngineName, 'heddle'>, () => Promise<Peer>>> = {
  async tfjs() {
    const { describeTfjs, openTfjs, openTfjsFit } = await import('./tfjs.js');
    return { describe: describeTfjs, open: openTfjs, openFit: openTfjsFit };
  },
  async 'jax-js'() {
    const { describeJax, openJax } = await import('./jax.js');
    return { describe: describeJax, open: openJax };
  },
};
