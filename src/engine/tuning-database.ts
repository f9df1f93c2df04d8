/** Tuning tables in IndexedDB: one record for each adapter. The database is opened for each use, so that no page holds it. */

import type { RawStore } from './tuning-store.js';
import { addedTo } from './tuning-table.js';

const DATABASE = 'heddle-tuning';
const TABLES = 'tables';

export function databaseStore(factory: IDBFactory): RawStore {
  const within = async <T>(
    mode: IDBTransactionMode,
    work: (tables: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> => {
    const database = await opened(factory);
    try {
      const transaction = database.transaction(TABLES, mode);
      const request = work(transaction.objectStore(TABLES));
      await completed(transaction);
      return request.result;
    } finally {
      database.close();
    }
  };
  return {
    read: (adapter) => within<unknown>('readonly', (tables) => tables.get(adapter)),
    async write(table) {
      // Read and written in one transaction: another page may be tuning too.
      await within<unknown>('readwrite', (tables) => {
        const kept: IDBRequest<unknown> = tables.get(table.adapter);
        kept.onsuccess = () => {
          tables.put(addedTo(kept.result, table));
        };
        return kept;
      });
    },
  };
}

function opened(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLES, { keyPath: 'adapter' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`another page holds the database '${DATABASE}'`));
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
