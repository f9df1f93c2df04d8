/** The page's script. */

import 'uplot/dist/uPlot.min.css';
import { offerBench } from './face.js';
import { PROFILED, profileTask } from './profile.js';
import { DEFAULT_RUNS, runSuites } from './run.js';
import { SUITES } from './suites/index.js';
import { startPage } from './ui/page.js';
import { startProfile } from './ui/profile.js';

/** Work that is timed waits for its turn. */
let earlier: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = earlier.then(work);
  earlier = result.catch(() => {});
  return result;
}

offerBench();
startPage(document, {
  suites: SUITES,
  defaultRuns: DEFAULT_RUNS,
  runSuites: (options) => inTurn(() => runSuites(options)),
});
startProfile(document, {
  tasks: Object.keys(PROFILED),
  profileTask: (name, options) => inTurn(() => profileTask(name, options)),
});
