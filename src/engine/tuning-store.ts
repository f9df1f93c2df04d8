/** Where tuning tables are remembered, one for each adapter: IndexedDB in pages and workers, a JSON file in Node and Deno. */

import { HeddleError, messageOf } from '../core/errors.js';
import { databaseStore } from './tuning-database.js';
import { fileStore, fileSystem } from './tuning-file.js';
import { checkedTable, isReadable, type TuningTable } from './tuning-table.js';

export interface TuningStore {
  /** The table of an adapter, `null` where none is remembered. */
  read(adapter: string): Promise<TuningTable | null>;
  /** Remembers the entries of `table` on top of those that are there for its adapter. */
  write(table: TuningTable): Promise<void>;
}

/** What a store keeps, as it may have been damaged or made by another version. */
export interface RawStore {
  read(adapter: string): Promise<unknown>;
  write(table: TuningTable): Promise<void>;
}

/**
 * The store of this page or process: the IndexedDB database `heddle-tuning`, or `heddle/tuning.json` in `$XDG_CACHE_HOME`, by default
 * `~/.cache`. Nothing is touched before it is asked.
 *
 * Its functions reject with a `HeddleError` where there is no storage (a private window, storage that is blocked or full) and where what
 * is kept is damaged. What another version of Heddle wrote is not there for this one, and replaced when it writes.
 */
export function tuningStore(): TuningStore {
  return {
    async read(adapter) {
      const kept = await reached('read', (store) => store.read(adapter));
      return isReadable(kept) ? checkedTable('tuningStore', kept, 'what is remembered') : null;
    },
    write: (table) => reached('write', (store) => store.write(table)),
  };
}

async function reached<T>(action: string, use: (store: RawStore) => Promise<T>): Promise<T> {
  let store: RawStore | null = null;
  try {
    store = chosen();
    if (store) return await use(store);
  } catch (cause) {
    if (cause instanceof HeddleError) throw cause;
    throw unreachable(action, messageOf(cause), cause);
  }
  throw unreachable(action, 'there is neither IndexedDB nor a file system');
}

/** Even to look at `indexedDB` throws where a page may store nothing. */
function chosen(): RawStore | null {
  const database = (globalThis as { indexedDB?: IDBFactory }).indexedDB;
  if (database) return databaseStore(database);
  const files = fileSystem();
  return files && fileStore(files);
}

const unreachable = (action: string, why: string, cause?: unknown): HeddleError =>
  new HeddleError({
    op: 'tuningStore',
    message: `the remembered tuning tables cannot be ${action === 'read' ? 'read' : 'written'}: ${why}`,
    roles: ['storage'],
    values: { action },
    fix: "do without (remember: false, tuning: null), allow the page to store data, or pass a store of one's own",
    cause,
  });
