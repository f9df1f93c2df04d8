// What a command and a process that runs suites say to each other.
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import type { Progress } from '../../bench/run.js';
import type { AdapterReport } from '../adapter.js';
import type { SuiteOptions } from './options.js';

/** Once, after `ready`. */
export interface SuiteOrder {
  readonly run: SuiteOptions;
}

/** `ready` comes first and unasked; `done` or `error` last. */
export type SuiteNews =
  | { readonly say: 'ready'; readonly adapter: AdapterReport; readonly suites: readonly string[] }
  | { readonly say: 'progress'; readonly progress: Progress }
  | { readonly say: 'roof'; readonly roof: Roof }
  | { readonly say: 'rows'; readonly rows: readonly Row[] }
  | { readonly say: 'done' }
  | { readonly say: 'error'; readonly message: string };
