// The module of all suites, which a process without a page runs.
import { SUITES } from '../../bench/suites/index.js';

export { runSuites } from '../../bench/run.js';

export const suites: readonly string[] = Object.keys(SUITES);
