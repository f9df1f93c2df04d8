/**
 * The packed image file: how the demo's data sets lie on disk and travel to the page.
 *
 * One module writes and reads it, with nothing but DataView and the text codecs, so that the packing script (Node) and
 * the page cannot drift apart. All integers are little-endian.
 *
 *   byte  0   8 bytes   magic, ASCII "HDLIMAGE"
 *   byte  8   uint32    version of this layout (1)
 *   byte 12   uint32    CRC-32 (the one of zlib and PNG) of every byte from 16 to the end
 *   byte 16   uint32    length H of the header, a multiple of 8
 *   byte 20   uint32    zero
 *   byte 24   H bytes   header: JSON in UTF-8 (`PackedInfo`), padded with spaces
 *   then                images, uint8 [rows, height, width], row-major
 *   then                labels, uint8 [rows]
 *
 * The checksum covers the header as well, so no damaged byte after the magic goes unnoticed.
 */

const MAGIC = 'HDLIMAGE';
const VERSION = 1;
const CHECKSUM_AT = 12;
const CHECKED_FROM = 16;
const HEADER_AT = 24;

/** Small enough that one slice costs a few milliseconds, so that a page stays responsive while a file is checked. */
const SLICE_BYTES = 2 * 1024 * 1024;

/** What a packed file says about itself. */
export interface PackedInfo {
  /** Name of the data set and part, such as `fashion-mnist-test`. */
  readonly name: string;
  /** Where the images came from and how they were ordered; a packer compares it to see whether a file is current. */
  readonly source: string;
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  /** One name for each class; labels are indices into this list. */
  readonly classNames: readonly string[];
}

/** A decoded file: `images` [rows, height, width] and `labels` [rows], both views of the file's bytes, not copies. */
export interface PackedImages extends PackedInfo {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** A data file that is missing, damaged or not what it should be: `file` names it, `fix` says what to do. */
export class DataFileError extends Error {
  readonly file: string;
  readonly fix: string;

  constructor(file: string, problem: string, fix: string) {
    super(`${file}: ${problem}. ${fix}`);
    this.name = 'DataFileError';
    this.file = file;
    this.fix = fix;
  }
}

/** The mend for every damaged packed file. */
export const REPACK = 'Run `npm run data` to pack the data sets again.';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * CRC-32 of `bytes[start, end)`, continued from `previous` (the result for the bytes before `start`; 0 to begin).
 * Continuing in pieces gives the same number as one call over the whole.
 */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length, previous = 0): number {
  let crc = ~previous;
  for (let i = start; i < end; i++)
    crc = (CRC_TABLE[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The position of the first label that names no class, or -1. */
function findBadLabel(labels: Uint8Array, classes: number): number {
  return labels.findIndex((label) => label >= classes);
}

/**
 * Lays out one file. `images` holds `rows * height * width` bytes, `labels` holds `rows` bytes below the number of classes.
 * The same arguments give the same bytes. Throws `DataFileError` where lengths or labels do not fit.
 */
export function encodePacked(info: PackedInfo, images: Uint8Array, labels: Uint8Array): Uint8Array {
  const { name, source, rows, height, width, classNames } = info;
  const pixels = rows * height * width;
  if (images.length !== pixels || labels.length !== rows) {
    const found = `${images.length} image bytes and ${labels.length} labels`;
    const wanted = `${rows} × ${height} × ${width} images`;
    throw new DataFileError(name, `${found} do not make ${wanted}`, 'Pass whole images and one label each.');
  }
  const bad = findBadLabel(labels, classNames.length);
  if (bad >= 0) {
    const problem = `label ${labels[bad]} of row ${bad} is outside 0…${classNames.length - 1}`;
    throw new DataFileError(name, problem, 'Pass labels that are indices into classNames.');
  }
  const json = new TextEncoder().encode(JSON.stringify({ name, source, rows, height, width, classNames }));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const imagesAt = HEADER_AT + headerLength;
  const bytes = new Uint8Array(imagesAt + pixels + rows);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC), 0);
  view.setUint32(8, VERSION, true);
  view.setUint32(16, headerLength, true);
  bytes.fill(0x20, HEADER_AT, imagesAt);
  bytes.set(json, HEADER_AT);
  bytes.set(images, imagesAt);
  bytes.set(labels, imagesAt + pixels);
  view.setUint32(CHECKSUM_AT, crc32(bytes, CHECKED_FROM), true);
  return bytes;
}

function damaged(file: string, problem: string): DataFileError {
  return new DataFileError(file, problem, REPACK);
}

function readInfo(text: string, file: string): PackedInfo {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged(file, 'its header is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw damaged(file, 'its header is not an object');
  const fields = parsed as Readonly<Record<string, unknown>>;
  const word = (key: string): string => {
    const value = fields[key];
    if (typeof value !== 'string') throw damaged(file, `its header has no text in "${key}"`);
    return value;
  };
  const size = (key: string): number => {
    const value = fields[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
      throw damaged(file, `its header has no positive integer in "${key}"`);
    }
    return value;
  };
  const names: unknown = fields.classNames;
  if (
    !Array.isArray(names) ||
    names.length === 0 ||
    !names.every((name): name is string => typeof name === 'string')
  ) {
    throw damaged(file, 'its header has no list of texts in "classNames"');
  }
  return {
    name: word('name'),
    source: word('source'),
    rows: size('rows'),
    height: size('height'),
    width: size('width'),
    classNames: names,
  };
}

/** Everything about a file that can be told without reading its payload. */
function openPacked(
  bytes: Uint8Array,
  file: string,
): { info: PackedInfo; imagesAt: number; checksum: number } {
  const text = (from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
  if (text(0, 8) !== MAGIC)
    throw damaged(file, `it is no packed image file (it does not begin with "${MAGIC}")`);
  if (bytes.length < HEADER_AT)
    throw damaged(file, `it is cut short: ${bytes.length} bytes, not even a whole preamble`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION)
    throw damaged(file, `it has layout version ${version}, this reader knows version ${VERSION}`);
  const imagesAt = HEADER_AT + view.getUint32(16, true);
  if (imagesAt > bytes.length) {
    throw damaged(
      file,
      `it is cut short: ${bytes.length} bytes, and its header alone ends at byte ${imagesAt}`,
    );
  }
  const info = readInfo(text(HEADER_AT, imagesAt), file);
  const expected = imagesAt + info.rows * (info.height * info.width + 1);
  if (bytes.length !== expected) {
    const how = bytes.length < expected ? 'it is cut short' : 'it is too long';
    throw damaged(file, `${how}: ${bytes.length} bytes instead of ${expected}`);
  }
  return { info, imagesAt, checksum: view.getUint32(CHECKSUM_AT, true) };
}

function finish(bytes: Uint8Array, file: string, crc: number): PackedImages {
  const { info, imagesAt, checksum } = openPacked(bytes, file);
  if (crc !== checksum) {
    const hex = (value: number): string => value.toString(16).padStart(8, '0');
    throw damaged(file, `its bytes are damaged: checksum ${hex(crc)} instead of ${hex(checksum)}`);
  }
  const labelsAt = imagesAt + info.rows * info.height * info.width;
  const labels = bytes.subarray(labelsAt);
  const bad = findBadLabel(labels, info.classNames.length);
  if (bad >= 0) {
    throw damaged(file, `label ${labels[bad]} of row ${bad} is outside 0…${info.classNames.length - 1}`);
  }
  return { ...info, images: bytes.subarray(imagesAt, labelsAt), labels };
}

/**
 * Reads one file; `file` is its name for errors. Throws `DataFileError` for a wrong magic or version, a damaged header,
 * a wrong length, a wrong checksum, or a label that names no class.
 */
export function decodePacked(bytes: Uint8Array, file: string): PackedImages {
  openPacked(bytes, file);
  return finish(bytes, file, crc32(bytes, CHECKED_FROM));
}

/**
 * `decodePacked` for a page: the checksum is taken in slices with a pause after each, because 40 MB in one go would block
 * the main thread for longer than a frame. Same result, same errors.
 */
export async function decodePackedInSlices(bytes: Uint8Array, file: string): Promise<PackedImages> {
  openPacked(bytes, file);
  let crc = 0;
  for (let start = CHECKED_FROM; start < bytes.length; start += SLICE_BYTES) {
    crc = crc32(bytes, start, Math.min(start + SLICE_BYTES, bytes.length), crc);
    await new Promise((resume) => setTimeout(resume, 0));
  }
  return finish(bytes, file, crc);
}
