/**
 * Tuning tables in a JSON file, by adapter: for Node, and for Deno, which has no IndexedDB. Node's modules are asked for at run time, so
 * that no bundle for a page has to know them.
 */

import { HeddleError } from '../core/errors.js';
import { alone, codeOf } from './tuning-lock.js';
import type { RawStore } from './tuning-store.js';
import { addedTo } from './tuning-table.js';

/** What is used of `node:fs/promises`, `node:path` and `node:os`. */
export interface FileSystem {
  readonly files: {
    readFile(path: string, encoding: 'utf8'): Promise<string>;
    writeFile(path: string, text: string): Promise<void>;
    rename(from: string, to: string): Promise<void>;
    mkdir(path: string, options?: { recursive: boolean }): Promise<unknown>;
    rmdir(path: string): Promise<void>;
    rm(path: string, options: { force: boolean }): Promise<void>;
    stat(path: string): Promise<{ readonly mtimeMs: number }>;
  };
  readonly join: (...parts: string[]) => string;
  /** Caches of this user: `$XDG_CACHE_HOME`, by default `~/.cache`. */
  readonly caches: string;
}

interface HostProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

/** The file system of this process; `null` in a page. */
export function fileSystem(): FileSystem | null {
  const { process: host } = globalThis as { process?: HostProcess };
  const files = host?.getBuiltinModule?.('node:fs/promises') as FileSystem['files'] | undefined;
  const path = host?.getBuiltinModule?.('node:path') as { join: FileSystem['join'] } | undefined;
  const system = host?.getBuiltinModule?.('node:os') as { homedir(): string } | undefined;
  if (!host || !files || !path || !system) return null;
  const caches = host.env.XDG_CACHE_HOME || path.join(system.homedir(), '.cache');
  return { files, join: path.join, caches };
}

/** Settles when the last write that was asked for in this thread has done: those of one thread need not wait by the clock. */
let lastWrite: Promise<unknown> = Promise.resolve();

export function fileStore({ files, join, caches }: FileSystem): RawStore {
  const folder = join(caches, 'heddle');
  const path = join(folder, 'tuning.json');
  const tables = async (): Promise<Map<string, unknown>> => {
    const text = await files.readFile(path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return '{}';
      throw error;
    });
    try {
      return new Map(Object.entries(JSON.parse(text) as object));
    } catch (cause) {
      throw new HeddleError({
        op: 'tuningStore',
        message: `${path} is no JSON`,
        roles: ['file'],
        values: { path },
        fix: 'delete it; tune() makes a new one',
        cause,
      });
    }
  };
  return {
    read: async (adapter) => (await tables()).get(adapter),
    write(table) {
      const written = lastWrite.then(async () => {
        await files.mkdir(folder, { recursive: true });
        await alone(files, `${path}.lock`, async () => {
          const kept = await tables();
          kept.set(table.adapter, addedTo(kept.get(table.adapter), table));
          await replace(files, path, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
        });
      });
      lastWrite = written.catch(() => {});
      return written;
    },
  };
}

/** Renamed when it is whole, so that nobody ever reads half a file. */
async function replace(files: FileSystem['files'], path: string, text: string): Promise<void> {
  const whole = `${path}.${crypto.randomUUID()}`;
  try {
    await files.writeFile(whole, text);
    await files.rename(whole, path);
  } catch (error) {
    await files.rm(whole, { force: true }).catch(() => {});
    throw error;
  }
}

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';
