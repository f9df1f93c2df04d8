/** The suites by name. */

import type { BenchCase, Size } from '../case.js';
import type { EngineName, Row } from '../row.js';
import { cellsSuite } from './cells.js';
import { inferenceSuite } from './inference.js';
import { javascriptSuite } from './javascript.js';
import { memorySuite } from './memory.js';
import { OP_SUITES } from './ops.js';
import { recurrentSuite } from './recurrent.js';
import { rooflineSuite } from './roofline.js';
import { stepsSuite } from './steps.js';

export interface Suite {
  readonly about: string;
  readonly cases: (size: Size, engines: readonly EngineName[]) => BenchCase[];
  /** Drawn of its rows as they come in. */
  readonly charts?: readonly SuiteChart[];
}

export interface SuiteChart {
  readonly title: string;
  /** What is counted along the chart. */
  readonly x: string;
  /** Whether each tick there is twice the one before. */
  readonly logarithmic?: boolean;
  /** The line that a row belongs to, and its place there; `null` for none. Default: the name before the `/` of its case, the number behind it. */
  readonly place?: (row: Row) => readonly [line: string, x: number] | null;
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
  ...OP_SUITES,
  cells: { about: 'recurrent cells over whole sequences, forward and backward', cases: cellsSuite },
  inference: { about: 'latency of one example, from host array to host array', cases: inferenceSuite },
  memory: { about: 'what a training step holds on the device: measured, planned, least', cases: memorySuite },
  javascript: { about: 'JavaScript for each dispatch, beside a bare loop', cases: javascriptSuite },
  roofline: { about: 'the limits of this adapter, which kernels are judged by', cases: rooflineSuite },
});
