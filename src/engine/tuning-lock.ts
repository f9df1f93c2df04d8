/**
 * One process at a time: what is read, added to and written back must not be written by another meanwhile, or its entries were lost. The lock
 * is a folder, since to make one either succeeds or finds it there, on every file system.
 */

import { HeddleError } from '../core/errors.js';
import type { FileSystem } from './tuning-file.js';

const WAIT_MS = 20;
/** A write takes milliseconds: what holds for so long was left by a process that died. */
const STALE_MS = 10_000;
/** Then somebody writes without end, or a clock is wrong. */
const PATIENCE_MS = 30_000;

/** Runs `work` while nobody else does under the lock at `path`. */
export async function alone<T>(files: FileSystem['files'], path: string, work: () => Promise<T>): Promise<T> {
  await acquire(files, path);
  try {
    return await work();
  } finally {
    await files.rmdir(path).catch(ignoreMissing);
  }
}

async function acquire(files: FileSystem['files'], path: string): Promise<void> {
  const start = performance.now();
  while (!(await made(files, path))) {
    const found = await files.stat(path).catch(ignoreMissing);
    if (found && Date.now() - found.mtimeMs > STALE_MS) await files.rmdir(path).catch(ignoreMissing);
    else if (performance.now() - start > PATIENCE_MS) throw held(path);
    else await new Promise((resolve) => setTimeout(resolve, WAIT_MS * (0.5 + Math.random())));
  }
}

const made = (files: FileSystem['files'], path: string): Promise<boolean> =>
  files.mkdir(path).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    },
  );

/** The error code of Node's file system. */
export const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** Another process was quicker to take it away. */
function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

const held = (path: string): HeddleError =>
  new HeddleError({
    op: 'tuningStore',
    message: `another process holds ${path}`,
    roles: ['file'],
    values: { path },
    fix: 'try again, or delete that folder where no other process is tuning',
  });
