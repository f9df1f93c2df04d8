/** The page's loaders, against a made-up `fetch`: what is asked for, and what each failure says. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { DataFileError, loadDigits, loadFashionMnist, takeRows } from '../../demo/data/datasets.js';
import { DIGIT_CLASSES } from '../../demo/data/names.js';
import { encodePacked } from '../../demo/data/packed.js';

const rows = 10_000;
const images = Uint8Array.from({ length: rows * 784 }, (_, i) => i % 251);
const labels = Uint8Array.from({ length: rows }, (_, i) => i % 10);

function packed(name: string): Uint8Array<ArrayBuffer> {
  const info = { name, source: 'made up', rows, height: 28, width: 28, classNames: DIGIT_CLASSES };
  return new Uint8Array(encodePacked(info, images, labels));
}

function answerWith(respond: () => Response | Promise<Response>) {
  const fetcher = vi.fn((_url: string) => Promise.resolve().then(respond));
  vi.stubGlobal('fetch', fetcher);
  return fetcher;
}

async function failure(run: Promise<unknown>): Promise<DataFileError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataFileError)) throw new Error(`expected a DataFileError, got ${String(error)}`);
  return error;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('loaders', () => {
  it('load and decode the file of each name', async () => {
    const fetcher = answerWith(() => new Response(packed('digits')));
    const set = await loadDigits('/data/');
    expect(fetcher.mock.calls).toEqual([['/data/digits.bin']]);
    expect([set.rows, set.height, set.width, set.classNames]).toEqual([rows, 28, 28, DIGIT_CLASSES]);
    expect(Buffer.compare(set.images, images)).toBe(0);
    expect(set.labels).toEqual(labels);

    const test = answerWith(() => new Response(packed('fashion-mnist-test')));
    await loadFashionMnist('http://localhost:1/d', { part: 'test' });
    expect(test.mock.calls).toEqual([['http://localhost:1/d/fashion-mnist-test.bin']]);
    const first = answerWith(() => new Response(packed('fashion-mnist-train-0')));
    await loadFashionMnist('d', { part: 'first' });
    expect(first.mock.calls).toEqual([['d/fashion-mnist-train-0.bin']]);
  });

  it('say to pack the data where the file is missing, also where a page comes instead', async () => {
    answerWith(() => new Response('gone', { status: 404 }));
    const missing = await failure(loadFashionMnist('/data', { part: 'rest' }));
    expect(missing.file).toBe('fashion-mnist-train-1.bin');
    expect(missing.message).toMatch(/the server answered 404 for \/data\/fashion-mnist-train-1\.bin/);
    expect(missing.fix).toMatch(/npm run data/);

    answerWith(
      () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html; charset=utf-8' } }),
    );
    const page = await failure(loadDigits('/data'));
    expect(page.message).toMatch(/digits\.bin: the server has no such file/);
    expect(page.fix).toMatch(/npm run data/);
  });

  it('name the file where the server is gone, the bytes are damaged or the file is another', async () => {
    answerWith(() => {
      throw new TypeError('Failed to fetch');
    });
    expect((await failure(loadDigits('/data'))).message).toMatch(
      /digits\.bin: .*Failed to fetch.*server still running/,
    );

    const cut = packed('digits').slice(0, 5000);
    answerWith(() => new Response(cut));
    expect((await failure(loadDigits('/data'))).message).toMatch(/digits\.bin: it is cut short: 5000 bytes/);

    answerWith(() => new Response(packed('digits')));
    const other = await failure(loadFashionMnist('/data', { part: 'test' }));
    expect(other.message).toMatch(/fashion-mnist-test\.bin: it holds 10000 rows of "digits" instead of/);
  });
});

describe('takeRows', () => {
  const set = {
    ...{ name: 'tiny', source: 'made up', rows: 3, height: 1, width: 2, classNames: ['a', 'b'] },
    images: Uint8Array.of(1, 2, 3, 4, 5, 6),
    labels: Uint8Array.of(0, 1, 0),
  };

  it('copies the named rows in order', () => {
    const taken = takeRows(set, [2, 0, 2]);
    expect([taken.rows, taken.images, taken.labels]).toEqual([
      3,
      Uint8Array.of(5, 6, 1, 2, 5, 6),
      Uint8Array.of(0, 0, 0),
    ]);
    expect(takeRows(set, [1])).toMatchObject({ rows: 1, labels: Uint8Array.of(1), width: 2 });
  });

  it('refuses an index outside the set', () => {
    expect(() => takeRows(set, [0, 3])).toThrow(/index 3 at position 1 is outside 0…2 of tiny/);
    expect(() => takeRows(set, [-1])).toThrow(RangeError);
    expect(() => takeRows(set, [0.5])).toThrow(RangeError);
  });
});
