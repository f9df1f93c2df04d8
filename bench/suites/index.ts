/** The suites by name. */

import type { BenchCase, Size } from '../case.js';
import type { EngineName } from '../row.js';
import { stepsSuite } from './steps.js';

export interface Suite {
  readonly about: string;
  readonly cases: (size: Size, engines: readonly EngineName[]) => BenchCase[];
}

export const SUITES: Readonly<Record<string, Suite>> = Object.freeze({
  steps: { about: 'whole training steps: forward, backward, Adam', cases: stepsSuite },
});
