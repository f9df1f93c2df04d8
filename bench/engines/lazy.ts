/** A contestant whose engine is loaded only when it is first asked for. */

import { NO_ADAPTER } from '../adapter.js';
import type { Contestant, Identity, Work } from '../case.js';
import type { EngineName } from '../row.js';

export interface Side {
  describe(): Promise<Identity>;
  open(): Promise<Work>;
}

export const lazyContestant = (engine: EngineName, load: () => Promise<Side>): Contestant => ({
  engine,
  async describe() {
    try {
      return await (await load()).describe();
    } catch {
      // Why it could not start is what `open` throws.
      return { version: 'unknown', adapter: NO_ADAPTER };
    }
  },
  async open() {
    return (await load()).open();
  },
});
