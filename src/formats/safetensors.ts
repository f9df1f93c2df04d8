/**
 * The safetensors container: eight bytes of header length (little-endian), a JSON header, the data. Nothing in it can run, and it
 * reads the same everywhere, which is why models are saved in it. Pure: bytes in, tensors out, in any JavaScript host.
 *
 * Data is little-endian, as are typed arrays on every platform that has WebGPU, so that bits are copied, never converted: NaN
 * payloads and −0 survive.
 */

import { type HostArray, hostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { showShape, sizeOf } from '../core/shape.js';
import type { HostTensor } from '../engine/index.js';
import { FILE_DTYPES } from './safetensors-entry.js';
import { badFile, quoted } from './safetensors-fault.js';
import { FORBIDDEN_NAMES, METADATA_KEY, parseHeader } from './safetensors-header.js';

/** The format's own bound on the header. */
const MAX_HEADER_BYTES = 100_000_000;

const LENGTH_BYTES = 8;
const SPACE = 0x20;
const LESS_THAN = 0x3c;

export interface SafetensorsFile {
  /** By name, in the order of the header. */
  readonly tensors: Map<string, HostTensor>;
  /** Without a prototype, so that no key means anything but itself. */
  readonly metadata: Record<string, string>;
}

/**
 * The bytes of a file that holds `tensors` and `metadata`. Equal content gives equal bytes, in whatever order it was added: tensors
 * stand in order of falling element size, then by name; metadata by key. The data begins at a multiple of 8.
 *
 * @throws HeddleError (`save`) for a name that the format or `parse` refuses, and data that does not fit its shape and dtype.
 */
export function serialize(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const parts = [...tensors].map(([name, tensor]) => ({ name, tensor, ...bytesOf(name, tensor) }));
  parts.sort((a, b) => b.elementBytes - a.elementBytes || (a.name < b.name ? -1 : 1));
  const fields: string[] = [];
  const keys = Object.keys(metadata).sort();
  // Written piece by piece: an object would move keys such as "0" to its front.
  if (keys.length > 0)
    fields.push(`"${METADATA_KEY}":{${keys.map((key) => metadataField(key, metadata[key])).join(',')}}`);
  let end = 0;
  for (const { name, tensor, fileDType, bytes } of parts) {
    const begin = end;
    end += bytes.length;
    const entry = { dtype: fileDType, shape: tensor.shape, data_offsets: [begin, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerBytes = Math.ceil(header.length / LENGTH_BYTES) * LENGTH_BYTES;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new HeddleError({
      op: 'save',
      message: `the header takes ${headerBytes} bytes, more than the format's ${MAX_HEADER_BYTES}`,
      roles: ['tensors', 'metadata'],
      values: { headerBytes, limit: MAX_HEADER_BYTES },
      fix: 'store less in the metadata',
    });
  }
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, LENGTH_BYTES);
  file.fill(SPACE, LENGTH_BYTES + header.length, LENGTH_BYTES + headerBytes);
  let at = LENGTH_BYTES + headerBytes;
  for (const { bytes } of parts) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * The tensors and metadata of a file, in memory of their own. `bytes` is taken for hostile: nothing in it is believed before it is
 * checked, and the tensors together take no more memory than the file.
 *
 * Stricter than the format in that names like `__proto__`, unknown fields of a tensor and misaligned tensors are refused.
 *
 * @param file what the errors call it
 * @throws HeddleError (`load`) for the first thing that is wrong.
 */
export function parse(bytes: Uint8Array, file = 'the file'): SafetensorsFile {
  const dataStart = LENGTH_BYTES + headerLength(bytes, file);
  const { entries, metadata } = parseHeader(
    headerText(bytes, dataStart, file),
    bytes.length - dataStart,
    file,
  );
  const tensors = new Map<string, HostTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const data = hostArray(dtype, sizeOf(shape));
    const raw = new Uint8Array(data.buffer);
    raw.set(bytes.subarray(dataStart + begin, dataStart + end));
    const at = dtype === 'bool' ? raw.findIndex(isNoBool) : -1;
    if (at >= 0) {
      throw badFile(file, {
        message: `tensor ${quoted(name)} of dtype bool has ${raw[at]} at element ${at}`,
        roles: ['tensor', 'data'],
        values: { tensor: name, index: at, value: raw[at] },
        fix: 'store 0 or 1, or give it the dtype U8',
      });
    }
    tensors.set(name, { data, shape: Object.freeze(shape), dtype });
  }
  return { tensors, metadata };
}

function headerLength(bytes: Uint8Array, file: string): number {
  if (bytes.length < LENGTH_BYTES) {
    throw badFile(file, {
      message: `${bytes.length} bytes are too few for a safetensors file`,
      roles: ['file'],
      values: { fileBytes: bytes.length },
      fix: 'the file was cut short: download or save it again',
    });
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true));
  const rest = bytes.length - LENGTH_BYTES;
  if (length <= Math.min(rest, MAX_HEADER_BYTES)) return length;
  const values = { headerBytes: length, fileBytes: bytes.length, limit: MAX_HEADER_BYTES };
  if (bytes[0] === LESS_THAN) {
    throw badFile(file, {
      message: 'the file begins with "<", like a web page',
      roles: ['file'],
      values,
      fix: 'check the address: many servers answer a wrong one with a page',
    });
  }
  throw badFile(file, {
    message:
      length > MAX_HEADER_BYTES
        ? `the header claims ${length} bytes, more than the allowed ${MAX_HEADER_BYTES}`
        : `the header claims ${length} bytes, ${rest} are left in the file`,
    roles: ['header length'],
    values,
    fix: 'the file was cut short, or is no safetensors file: download or save it again',
  });
}

function headerText(bytes: Uint8Array, end: number, file: string): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    // A copy, because browsers decode no shared memory.
    return decoder.decode(new Uint8Array(bytes.subarray(LENGTH_BYTES, end)));
  } catch (cause) {
    throw badFile(file, { message: 'the header is not UTF-8', roles: ['header'], cause });
  }
}

const isNoBool = (byte: number): boolean => byte > 1;

/** `Float32Array` and so on; also for a Node `Buffer`, which is a `Uint8Array`. */
const kindOf = (data: HostArray): string => data[Symbol.toStringTag];

/** A tensor's bytes as the file has them. */
function bytesOf(
  name: string,
  { data, shape, dtype }: HostTensor,
): { fileDType: string; elementBytes: number; bytes: Uint8Array } {
  const bad = (message: string, values: object, fix: string) =>
    new HeddleError({
      op: 'save',
      message: `tensor '${name}' ${message}`,
      roles: ['tensor'],
      values: { tensor: name, ...values },
      fix,
    });
  if (name === METADATA_KEY || FORBIDDEN_NAMES.includes(name)) {
    throw bad('has a name that the file cannot hold', {}, 'rename it');
  }
  // The reference's float64 storage is the one array type that is not stored as it is.
  const stored = data instanceof Float64Array && dtype === 'float32' ? Float32Array.from(data) : data;
  const expected = kindOf(hostArray(dtype, 0));
  const size = sizeOf(shape);
  if (kindOf(stored) !== expected || stored.length !== size) {
    throw bad(
      `of shape ${showShape(shape)} and dtype ${dtype} has a ${kindOf(data)} of ${data.length} elements`,
      { shape, dtype, length: data.length },
      `give it a ${expected} of ${size}`,
    );
  }
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  const at = dtype === 'bool' ? bytes.findIndex(isNoBool) : -1;
  if (at >= 0)
    throw bad(
      `of dtype bool has ${bytes[at]} at element ${at}`,
      { index: at, value: bytes[at] },
      'store 0 or 1',
    );
  for (const [fileDType, known] of FILE_DTYPES) {
    if (known.dtype === dtype) return { fileDType, elementBytes: known.bytes, bytes };
  }
  throw bad(`has dtype ${dtype}, which the file cannot hold`, { dtype }, 'cast it first');
}

function metadataField(key: string, value: unknown): string {
  if (typeof value === 'string' && !FORBIDDEN_NAMES.includes(key))
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  throw new HeddleError({
    op: 'save',
    message: `metadata '${key}' is ${typeof value === 'string' ? 'a name that the file cannot hold' : `not a string but a ${typeof value}`}`,
    roles: ['metadata'],
    values: { key, value },
    fix: 'give every metadata value as a string, under an ordinary name',
  });
}
