// A process of benchmark suites: what the page is in a browser.

import type { AdapterReport } from '../adapter.js';
import type { SuiteNews, SuiteOrder } from './suites-messages.js';

/** The module of all suites. */
type SuiteModule = typeof import('./suites.js');

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
    const { suites, offeredCases, runSuites, profiled, profileTask } = await load();
    const ordered = new Promise<SuiteOrder>((resolve) => process.once('message', resolve));
    say({ say: 'ready', adapter, suites, profiled });
    const order = await ordered;
    if (order.do === 'list') say({ say: 'cases', cases: offeredCases(order.options) });
    else if (order.do === 'run') {
      await runSuites({
        ...order.options,
        onProgress: (progress) => say({ say: 'progress', progress }),
        onRoof: (roof) => say({ say: 'roof', roof }),
        onRows: (rows) => say({ say: 'rows', rows }),
      });
    } else {
      const { task, size } = order.options;
      const profile = await profileTask(task, {
        size,
        onProgress: (text, done) => say({ say: 'progress', progress: { text, done, secondsLeft: null } }),
      });
      say({ say: 'profile', profile });
    }
    say({ say: 'done' });
  } catch (error) {
    say({ say: 'error', message: error instanceof Error ? error.message : String(error) });
  }
}
