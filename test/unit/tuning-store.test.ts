/** Where tuning tables are remembered, in Node: a file. IndexedDB has its case in the page (`tuning.cases.ts`). */

import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tuningTable } from '../../src/engine/tuning-table.js';
import { tuningStore } from '../../src/index.js';
import { rejection } from '../kit/rejection.js';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-tuning-'));
  vi.stubEnv('XDG_CACHE_HOME', folder);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await rm(folder, { recursive: true });
});

const file = (): string => join(folder, 'heddle', 'tuning.json');

describe('a file', () => {
  it('keeps one table for each adapter, newer entries on top of older ones', async () => {
    const store = tuningStore();
    expect(await store.read('A')).toBeNull();
    await store.write(
      tuningTable('A', [
        ['x', '1'],
        ['y', '1'],
      ]),
    );
    await store.write(tuningTable('B', [['x', '7']]));
    await store.write(
      tuningTable('A', [
        ['y', '2'],
        ['z', '2'],
      ]),
    );
    expect(await tuningStore().read('A')).toEqual(
      tuningTable('A', [
        ['x', '1'],
        ['y', '2'],
        ['z', '2'],
      ]),
    );
    expect(await store.read('B')).toEqual(tuningTable('B', [['x', '7']]));
    expect(await store.read('C')).toBeNull();
    expect(await readdir(join(folder, 'heddle'))).toEqual(['tuning.json']);
  });

  it('loses no entry when many write at once, in one process or in several', async () => {
    const stores = [tuningStore(), tuningStore()];
    // Modules of their own, as another process has them.
    for (let process = 0; process < 2; process++) {
      vi.resetModules();
      const { tuningStore: elsewhere } = await import('../../src/engine/tuning-store.js');
      stores.push(elsewhere());
    }
    const writes = stores.flatMap((store, index) =>
      ['a', 'b', 'c'].flatMap((round) => [
        store.write(tuningTable('A', [[`${index}${round}`, 'k']])),
        store.write(tuningTable(`own ${index}`, [[round, 'k']])),
      ]),
    );
    await Promise.all(writes);
    const { entries } = (await tuningStore().read('A')) ?? { entries: {} };
    expect(Object.keys(entries)).toEqual(
      stores.flatMap((_, index) => ['a', 'b', 'c'].map((round) => `${index}${round}`)),
    );
    for (const [index, store] of stores.entries())
      expect(Object.keys((await store.read(`own ${index}`))?.entries ?? {})).toEqual(['a', 'b', 'c']);
    expect(await readdir(join(folder, 'heddle'))).toEqual(['tuning.json']);
  });

  it('waits while another process writes, and takes over from one that died', async () => {
    const lock = `${file()}.lock`;
    await mkdir(lock, { recursive: true });
    const written = tuningStore().write(tuningTable('A', [['x', '1']]));
    const first = await Promise.race([written, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]);
    expect(first).toBe('waits');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await written;
    expect(await readdir(join(folder, 'heddle'))).toEqual(['tuning.json']);
  });

  it('that is damaged is named, and never overwritten unasked', async () => {
    const store = tuningStore();
    await store.write(tuningTable('A', [['x', '1']]));
    await writeFile(file(), '{ "A": ');
    for (const work of [() => store.read('A'), () => store.write(tuningTable('A', []))]) {
      const error = await rejection(work);
      expect(error).toMatchObject({ op: 'tuningStore', values: { path: file() } });
    }
    expect(await readFile(file(), 'utf8')).toBe('{ "A": ');
  });

  it('with a table of another version has none for this one, and replaces it', async () => {
    const store = tuningStore();
    await store.write(tuningTable('A', [['x', '1']]));
    await writeFile(file(), JSON.stringify({ A: { version: 9 } }));
    expect(await store.read('A')).toBeNull();
    await writeFile(file(), JSON.stringify({ A: { version: 1, adapter: 'A' } }));
    expect((await rejection(() => store.read('A'))).message).toContain('what is remembered');
    await store.write(tuningTable('A', [['y', '2']]));
    expect(await store.read('A')).toEqual(tuningTable('A', [['y', '2']]));
  });
});

describe('no storage', () => {
  it('is said as it is where a page may store nothing', async () => {
    const forbidden = {
      open: () => {
        throw new DOMException('The user denied permission.', 'SecurityError');
      },
    };
    vi.stubGlobal('indexedDB', forbidden);
    const error = await rejection(() => tuningStore().read('A'));
    expect(error).toMatchObject({ op: 'tuningStore', roles: ['storage'] });
    expect(error.message).toContain('The user denied permission.');
    expect(error.fix).toContain('tuning: null');
  });

  it('and where there is neither a database nor a file system', async () => {
    vi.stubGlobal('process', undefined);
    expect((await rejection(() => tuningStore().read('A'))).message).toContain('neither IndexedDB nor');
  });

  it('a folder that cannot be written', async () => {
    await writeFile(join(folder, 'heddle'), '');
    expect((await rejection(() => tuningStore().write(tuningTable('A', [])))).message).toContain('written');
  });
});
