/** Where tuning tables are remembered, in Node: a file. IndexedDB has its case in the page (`tuning.cases.ts`). */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
