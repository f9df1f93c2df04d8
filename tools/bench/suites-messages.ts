// What a command and a process that runs suites say to each other.
import type { OfferedCase, SuiteOptions } from '../../bench/face.js';
import type { TaskProfile } from '../../bench/profile.js';
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import type { Progress } from '../../bench/run.js';
import type { AdapterReport } from '../adapter.js';
import type { ProfileOptions } from './options.js';

/** Once, after `ready`. */
export type SuiteOrder =
  | { readonly do: 'list'; readonly options: SuiteOptions }
  | { readonly do: 'run'; readonly options: SuiteOptions }
  | { readonly do: 'profile'; readonly options: ProfileOptions };

/** Comes first and unasked. */
export interface SuitesReady {
  readonly say: 'ready';
  readonly adapter: AdapterReport;
  /** All that there are. */
  readonly suites: readonly string[];
  /** Training steps that can be profiled. */
  readonly profiled: readonly string[];
}

/** `done` or `error` comes last. */
export type SuiteNews =
  | SuitesReady
  | { readonly say: 'cases'; readonly cases: readonly OfferedCase[] }
  | { readonly say: 'progress'; readonly progress: Progress }
  | { readonly say: 'roof'; readonly roof: Roof }
  | { readonly say: 'rows'; readonly rows: readonly Row[] }
  | { readonly say: 'profile'; readonly profile: TaskProfile }
  | { readonly say: 'done' }
  | { readonly say: 'error'; readonly message: string };
