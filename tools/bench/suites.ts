// The module of all suites, which a process without a page runs.
import { PROFILED } from '../../bench/profile.js';
import { SUITES } from '../../bench/suites/index.js';

export { offeredCases } from '../../bench/face.js';
export { profileTask } from '../../bench/profile.js';
export { runSuites } from '../../bench/run.js';

export const suites: readonly string[] = Object.keys(SUITES);
export const profiled: readonly string[] = Object.keys(PROFILED);
