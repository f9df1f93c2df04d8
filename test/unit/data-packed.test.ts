/** The packed image file: what goes in comes out, and each kind of damage is named. */

import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  crc32,
  DataFileError,
  decodePacked,
  decodePackedInSlices,
  encodePacked,
  type PackedInfo,
} from '../../demo/data/packed.js';

const info: PackedInfo = {
  name: 'tiny',
  source: 'made up',
  rows: 3,
  height: 2,
  width: 5,
  classNames: ['Trouser', 'Bag', 'Größe'],
};
const images = Uint8Array.from({ length: 30 }, (_, i) => (i * 37) & 255);
const labels = Uint8Array.of(2, 0, 1);

function file(): Uint8Array {
  return encodePacked(info, images, labels);
}

/** Puts the right checksum on bytes that a test changed, so that the check behind it is reached. */
function reseal(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(12, zlibCrc32(bytes.subarray(16)), true);
  return bytes;
}

function withHeader(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(24 + text.length + 33);
  bytes.set(file().subarray(0, 24));
  new DataView(bytes.buffer).setUint32(16, text.length, true);
  bytes.set(text, 24);
  return reseal(bytes);
}

function failure(run: () => unknown): DataFileError {
  try {
    run();
  } catch (error) {
    if (error instanceof DataFileError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('packed files', () => {
  it('round trip, also from a view that is not at the start of its buffer', async () => {
    const bytes = file();
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    for (const decoded of [
      decodePacked(bytes, 'tiny.bin'),
      await decodePackedInSlices(shifted, 'tiny.bin'),
    ]) {
      expect(decoded).toEqual({ ...info, images, labels });
    }
  });

  it('lays the file out as documented', () => {
    const bytes = file();
    const view = new DataView(bytes.buffer);
    const headerLength = view.getUint32(16, true);
    expect(new TextDecoder().decode(bytes.subarray(0, 8))).toBe('HDLIMAGE');
    expect(view.getUint32(8, true)).toBe(1);
    expect(headerLength % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(24, 24 + headerLength)))).toEqual(info);
    expect(bytes.subarray(24 + headerLength)).toEqual(Uint8Array.of(...images, ...labels));
    expect(bytes).toEqual(file());
  });

  it('takes the CRC-32 of zlib, in one piece and in several', () => {
    const bytes = Uint8Array.from({ length: 1001 }, (_, i) => (i * i * 31) & 255);
    expect(crc32(bytes)).toBe(zlibCrc32(bytes));
    expect(crc32(bytes, 400, 1001, crc32(bytes, 0, 400))).toBe(zlibCrc32(bytes));
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it('checks a file longer than a slice as a whole', async () => {
    const rows = 3000;
    const large = { ...info, rows, height: 28, width: 28 };
    const bytes = encodePacked(large, new Uint8Array(rows * 784).fill(7), new Uint8Array(rows));
    expect((await decodePackedInSlices(bytes, 'large.bin')).rows).toBe(rows);
    bytes[bytes.length - 1] = 1;
    await expect(decodePackedInSlices(bytes, 'large.bin')).rejects.toThrow(
      /large\.bin: its bytes are damaged/,
    );
  });

  it('finds a change of any single byte', () => {
    const good = file();
    for (let at = 0; at < good.length; at++) {
      const bytes = good.slice();
      bytes[at] = (bytes[at] as number) ^ 0x10;
      expect(failure(() => decodePacked(bytes, `byte-${at}.bin`)).file).toBe(`byte-${at}.bin`);
    }
  });

  it('finds a file that is cut at any length, or too long', () => {
    const good = file();
    for (let length = 0; length < good.length; length++) {
      const error = failure(() => decodePacked(good.slice(0, length), 'cut.bin'));
      expect(error.message).toMatch(length < 8 ? /^cut\.bin: it is no packed/ : /^cut\.bin: it is cut short/);
    }
    const long = new Uint8Array(good.length + 1);
    long.set(good);
    expect(failure(() => decodePacked(long, 'long.bin')).message).toMatch(
      /it is too long: \d+ bytes instead of \d+/,
    );
  });

  it.each<[string, (bytes: Uint8Array) => void, RegExp]>([
    ['magic', (b) => b.fill(65, 0, 1), /it is no packed image file .*"HDLIMAGE"/],
    ['version', (b) => b.fill(9, 8, 9), /layout version 9, this reader knows version 1/],
    ['header length', (b) => b.fill(255, 16, 20), /cut short: .* header alone ends at byte 4294967319/],
    ['header text', (b) => b.fill(0, 24, 25), /its header is not JSON/],
    [
      'pixel',
      (b) => b.fill(1, b.length - 10, b.length - 9),
      /its bytes are damaged: checksum \w{8} instead of \w{8}/,
    ],
    ['label', (b) => b.fill(3, b.length - 2, b.length - 1), /label 3 of row 1 is outside 0…2/],
  ])('names a damaged %s', (part, damage, message) => {
    const bytes = file();
    damage(bytes);
    const error = failure(() => decodePacked(part === 'label' ? reseal(bytes) : bytes, 'tiny.bin'));
    expect(error.file).toBe('tiny.bin');
    expect(error.message).toMatch(message);
    expect(error.fix).toMatch(/npm run data/);
  });

  it.each<[string, RegExp]>([
    ['null', /its header is not an object/],
    [JSON.stringify({ ...info, name: 1 }), /no text in "name"/],
    [JSON.stringify({ ...info, rows: -3 }), /no positive integer in "rows"/],
    [JSON.stringify({ ...info, width: 2.5 }), /no positive integer in "width"/],
    [JSON.stringify({ ...info, classNames: [] }), /no list of texts in "classNames"/],
    [JSON.stringify({ ...info, rows: 1e300 }), /cut short/],
  ])('refuses the header %s', (json, message) => {
    expect(failure(() => decodePacked(withHeader(json), 'tiny.bin')).message).toMatch(message);
  });

  it('refuses to write what it would not read', () => {
    expect(failure(() => encodePacked(info, images.subarray(1), labels)).message).toMatch(
      /29 image bytes and 3 labels/,
    );
    expect(failure(() => encodePacked(info, images, Uint8Array.of(0, 3, 1))).message).toMatch(
      /label 3 of row 1/,
    );
  });
});
