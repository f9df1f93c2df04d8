/** Each known defect of the packages on small made-up files: mended where it is known, refused where it is not. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DataFileError } from '../../demo/data/packed.js';
import {
  digitPixels,
  fashionPixels,
  findPackage,
  readClassFile,
  readDigits,
  readFashionMnist,
  withoutKnownEmptyRows,
} from '../../tools/data/sources.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fixture(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function expectFailure(run: () => unknown, file: string, message: RegExp): void {
  let caught: unknown;
  try {
    run();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(DataFileError);
  if (!(caught instanceof DataFileError)) return;
  expect(caught.file).toBe(file);
  expect(caught.message).toMatch(message);
  expect(caught.fix).toMatch(/npm ci/);
}

const image = (value: number): number[] => Array.from({ length: 784 }, () => value);

/** Class 0 as it is published: 1,000 test rows, an empty row, 6,000 training rows, an empty row. */
function classZero(): unknown[] {
  const test = Array.from({ length: 1000 }, () => image(1));
  const train = Array.from({ length: 6000 }, () => image(2));
  return [...test, [], ...train, []];
}

describe('the rows of fashion-mnist', () => {
  it('drop the two known empty rows of class 0, which keeps test and training rows in place', () => {
    const rows = withoutKnownEmptyRows(classZero(), 0, '0.json');
    expect(rows.length).toBe(7000);
    expect([rows[999], rows[1000], rows[6999]]).toEqual([image(1), image(2), image(2)]);
  });

  it('are refused with other empty rows than the known ones', () => {
    const moved = classZero();
    [moved[1000], moved[1001]] = [moved[1001], moved[1000]];
    expectFailure(
      () => withoutKnownEmptyRows(moved, 0, '0.json'),
      '0.json',
      /empty rows are 1001 and 7001; known are/,
    );
    const mended = classZero().filter((row) => Array.isArray(row) && row.length > 0);
    expectFailure(
      () => withoutKnownEmptyRows(mended, 0, '0.json'),
      '0.json',
      /empty rows are none; known are 1000 and/,
    );
    expectFailure(
      () => withoutKnownEmptyRows([[1], []], 4, '4.json'),
      '4.json',
      /rows are 1; known are none/,
    );
  });

  it('become bytes', () => {
    const row = image(3);
    row[783] = 255;
    const bytes = fashionPixels([image(7), row], 'x.json');
    expect([bytes.length, bytes[0], bytes[784], bytes[1567]]).toEqual([1568, 7, 3, 255]);
  });

  it.each<[string, unknown, RegExp]>([
    ['too few pixels', image(1).slice(1), /image 1 has 783 values instead of 784/],
    ['no list', 5, /image 1 has no list/],
    ['a value above 255', [...image(1).slice(1), 256], /image 1, pixel 783 is 256, no integer in 0…255/],
    ['a negative value', [-1, ...image(1).slice(1)], /image 1, pixel 0 is -1/],
    ['a fraction', [0.5, ...image(1).slice(1)], /image 1, pixel 0 is 0.5/],
    ['a text', ['1', ...image(1).slice(1)], /image 1, pixel 0 is "1"/],
    ['a blank image', image(0), /image 1 is blank/],
  ])('are refused with %s', (_, row, message) => {
    expectFailure(() => fashionPixels([image(1), row], 'x.json'), 'x.json', message);
  });

  it('are refused where a class has not 7,000 of them', () => {
    const path = fixture(
      'short/src/clothes/0.json',
      JSON.stringify({ data: classZero().slice(0, -2).concat([[]]) }),
    );
    expectFailure(() => readFashionMnist(join(folder, 'short'), 1), path, /empty rows are 1000 and 7000/);
    const six = [
      ...Array.from({ length: 1000 }, () => [1]),
      [],
      ...Array.from({ length: 6000 }, () => [1]),
      [],
      [1],
    ];
    const long = fixture('long/src/clothes/0.json', JSON.stringify({ data: six }));
    expectFailure(() => readFashionMnist(join(folder, 'long'), 1), long, /7001 images instead of 7000/);
  });
});

describe('the floats of mnist', () => {
  const written = (byte: number): number => Number((byte / 255).toFixed(3));

  it('become the byte that they were made from, for every byte', () => {
    const data = Array.from({ length: 784 }, (_, i) => written(i & 255));
    expect(digitPixels(data, 'x.json')).toEqual(Uint8Array.from({ length: 784 }, (_, i) => i & 255));
  });

  it.each<[string, unknown]>([
    ['more decimals', 0.5019607],
    ['no byte behind it', 0.002],
    ['a value above 1', 1.004],
    ['a negative value', -0.004],
    ['null', null],
  ])('are refused with %s', (_, value) => {
    const data: unknown[] = image(0);
    data[30] = value;
    expectFailure(
      () => digitPixels([...image(1), ...data], 'x.json'),
      'x.json',
      /image 1, pixel 30 is .*, not n\/255/,
    );
  });

  it('are refused where they are no whole images, or not 10,000 of them', () => {
    expectFailure(
      () => digitPixels(image(0).slice(1), 'x.json'),
      'x.json',
      /783 values are no whole number of images/,
    );
    expectFailure(() => digitPixels([], 'x.json'), 'x.json', /0 values/);
    fixture('few/src/digits/0.json', JSON.stringify({ data: image(1) }));
    const few = join(folder, 'few');
    expectFailure(() => readDigits(few, 1), few, /1 digits instead of 10000/);
  });
});

describe('files and packages', () => {
  it('name the file that is missing, cut short or of another structure', () => {
    const absent = join(folder, 'absent.json');
    expectFailure(() => readClassFile(absent), absent, /cannot be read as JSON \(ENOENT/);
    const cut = fixture('cut.json', '{"data":[[1,2,');
    expectFailure(() => readClassFile(cut), cut, /cannot be read as JSON/);
    const other = fixture('other.json', '{"rows":[]}');
    expectFailure(() => readClassFile(other), other, /no list in "data"/);
    expect(readClassFile(fixture('good.json', '{"data":[[1],[]]}'))).toEqual([[1], []]);
  });

  it('name the package that is not installed', () => {
    expectFailure(
      () => findPackage('heddle-no-such-set'),
      'heddle-no-such-set/package.json',
      /not installed/,
    );
    expect(findPackage('mnist').version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
