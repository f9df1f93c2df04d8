// What the command and a process of cases say to each other.
import type { Failure } from '../../test/gpu/kit.js';
import type { AdapterReport } from '../adapter.js';

export type Question =
  | { readonly ask: 'list' }
  | { readonly ask: 'run'; readonly file: string; readonly name: string };

/** The first one, unasked, is `ready`. Every question has one answer. */
export type Answer =
  | { readonly say: 'ready'; readonly adapter: AdapterReport }
  | { readonly say: 'list'; readonly names: Readonly<Record<string, readonly string[]>> }
  | { readonly say: 'verdict'; readonly failures: readonly Failure[] }
  | { readonly say: 'error'; readonly message: string };
