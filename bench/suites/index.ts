/** The suites by name. */

import type { BenchCase, Size } from '../case.js';
import type { EngineName, Row } from '../row.js';
import { recurrentSuite } from './recurrent.js';
import { stepsSuite } from './steps.js';

export interface Suite {
  readonly about: string;
  readonly cases: (size: Size, engines: readonly EngineName[]) => BenchCase[];
  /** Drawn of its rows: a line for each name before the `/` of a case, over the number behind it. */
  readonly charts?: readonly SuiteChart[];
}

export interface SuiteChart {
  readonly title: string;
  /** What the number behind the name counts. */
  readonly x: string;
  readonly y: (row: Row) => number | null;
}

export const SUITES: Readonly<Record<string, Suite>> = Object.freeze({
  steps: { about: 'whole training steps: forward, backward, Adam', cases: stepsSuite },
  recurrent: {
    about: 'steps of recurrent cells over the length of their sequences, Heddle alone',
    cases: recurrentSuite,
    charts: [
      { title: 'Milliseconds of a training step', x: 'steps of a sequence', y: ({ median }) => median },
      {
        title: 'Dispatches of a training step',
        x: 'steps of a sequence',
        y: ({ calls }) => calls?.dispatches ?? null,
      },
    ],
  },
});
