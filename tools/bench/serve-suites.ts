// A process of benchmark suites: what the page is in a browser.

import type { Row } from '../../bench/row.js';
import type { RunOptions } from '../../bench/run.js';
import type { AdapterReport } from '../adapter.js';
import type { SuiteNews, SuiteOrder } from './suites-messages.js';

/** What the module of all suites exports. */
export interface SuiteModule {
  readonly suites: readonly string[];
  readonly runSuites: (options: RunOptions) => Promise<readonly Row[]>;
}

const say = (news: SuiteNews): void => {
  process.send?.(news);
};

/** Runs what the process orders that forked this one. `load` evaluates the module of all suites, once there is WebGPU. */
export async function serveSuites(
  install: () => Promise<AdapterReport>,
  load: () => Promise<SuiteModule>,
): Promise<void> {
  try {
    process.on('disconnect', () => process.exit());
    const adapter = await install();
    const { suites, runSuites } = await load();
    const ordered = new Promise<SuiteOrder>((resolve) => process.once('message', resolve));
    say({ say: 'ready', adapter, suites });
    const { run } = await ordered;
    await runSuites({
      ...run,
      onProgress: (progress) => say({ say: 'progress', progress }),
      onRoof: (roof) => say({ say: 'roof', roof }),
      onRows: (rows) => say({ say: 'rows', rows }),
    });
    say({ say: 'done' });
  } catch (error) {
    say({ say: 'error', message: error instanceof Error ? error.message : String(error) });
  }
}
