/** One tensor's entry in the header of a safetensors file: dtype, shape and place, each checked before it is used. */

import type { DType } from '../core/dtype.js';
import { nearest } from '../core/errors.js';
import { type Shape, showShape } from '../core/shape.js';
import { badFile, clip, isObject, kindOf, quoted } from './safetensors-fault.js';

/** The element types that both the format and Heddle have. */
export const FILE_DTYPES: ReadonlyMap<string, { readonly dtype: DType; readonly bytes: number }> = new Map([
  ['F32', { dtype: 'float32', bytes: 4 }],
  ['I32', { dtype: 'int32', bytes: 4 }],
  ['U32', { dtype: 'uint32', bytes: 4 }],
  ['U8', { dtype: 'uint8', bytes: 1 }],
  ['BOOL', { dtype: 'bool', bytes: 1 }],
]);

/** The format's other types, each with the nearest that is supported. */
const FOREIGN_DTYPES: ReadonlyMap<string, string> = new Map([
  ...['F16', 'BF16', 'F64', 'F8_E4M3', 'F8_E5M2', 'F8_E8M0'].map((name) => [name, 'F32'] as const),
  ...['I8', 'I16', 'I64'].map((name) => [name, 'I32'] as const),
  ...['U16', 'U64'].map((name) => [name, 'U32'] as const),
]);

const ENTRY_FIELDS: readonly string[] = ['dtype', 'shape', 'data_offsets'];

export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Bytes from the start of the data: `begin` inclusive, `end` exclusive. */
  readonly begin: number;
  readonly end: number;
}

/**
 * The checked entry of the tensor `name`.
 *
 * @throws HeddleError (`load`) where it is malformed, disagrees with itself, or lies outside the `dataBytes` of data.
 */
export function readEntry(name: string, value: unknown, dataBytes: number, file: string): TensorEntry {
  const tensor = `tensor ${quoted(name)}`;
  if (!isObject(value)) {
    throw badFile(file, {
      message: `${tensor} is ${kindOf(value)}, not an object`,
      roles: ['tensor'],
      values: { tensor: name, value: kindOf(value) },
    });
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const wrong =
    [...fields.keys()].find((field) => !ENTRY_FIELDS.includes(field)) ??
    ENTRY_FIELDS.find((field) => !fields.has(field));
  if (wrong !== undefined) {
    throw badFile(file, {
      message: `${tensor} ${fields.has(wrong) ? 'has an unknown' : 'lacks the'} field ${quoted(wrong)}`,
      roles: ['tensor', 'field'],
      values: { tensor: name, field: wrong, valid: ENTRY_FIELDS },
    });
  }
  const { dtype, bytes } = readDType(name, fields.get('dtype'), file);
  const shape = readShape(name, fields.get('shape'), file);
  const [begin, end] = readOffsets(name, fields.get('data_offsets'), dataBytes, file);
  const needed = shape.reduce((size, extent) => size * extent, bytes);
  if (needed !== end - begin) {
    throw badFile(file, {
      message: `${tensor} of shape ${clip(showShape(shape))} and dtype ${dtype} needs ${needed} bytes, its data_offsets [${begin},${end}] hold ${end - begin}`,
      roles: ['tensor', 'shape', 'data_offsets'],
      values: { tensor: name, shape, dtype, needed, data_offsets: [begin, end] },
    });
  }
  // Reading copies, so an unpadded header does no harm; within the data, every writer keeps whole elements aligned.
  if (begin % bytes !== 0) {
    throw badFile(file, {
      message: `${tensor} is misaligned: it begins at byte ${begin} of the data, not at a multiple of ${bytes}`,
      roles: ['tensor', 'data_offsets'],
      values: { tensor: name, begin, multiple: bytes },
      fix: 'write the tensors in order of falling element size, as the safetensors library does',
    });
  }
  return { name, dtype, shape, begin, end };
}

function readDType(name: string, value: unknown, file: string): { dtype: DType; bytes: number } {
  const word = typeof value === 'string' ? value : kindOf(value);
  const found = FILE_DTYPES.get(word);
  if (found) return found;
  const instead = FOREIGN_DTYPES.get(word);
  const valid = [...FILE_DTYPES.keys()];
  if (instead === undefined) {
    throw badFile(file, {
      message: `tensor ${quoted(name)} has the unknown dtype ${quoted(word)}`,
      roles: ['tensor', 'dtype'],
      values: { tensor: name, dtype: clip(word), valid },
      fix: `did you mean '${nearest(clip(word), valid)}'? Valid: ${valid.join(', ')}`,
    });
  }
  throw badFile(file, {
    message: `tensor ${quoted(name)} has dtype ${word}; ${word} is not supported here`,
    roles: ['tensor', 'dtype'],
    values: { tensor: name, dtype: word, valid },
    fix: `convert to ${instead}`,
  });
}

function readShape(name: string, value: unknown, file: string): number[] {
  const bad = (message: string) =>
    badFile(file, {
      message: `tensor ${quoted(name)}: ${message}`,
      roles: ['tensor', 'shape'],
      values: { tensor: name, shape: value },
    });
  if (!Array.isArray(value)) throw bad(`shape is ${kindOf(value)}, not a list`);
  const shape: number[] = [];
  let size = 1;
  for (const [axis, extent] of value.entries()) {
    if (!isCount(extent)) throw bad(`shape has ${kindOf(extent)} at axis ${axis}, not a whole number ≥ 0`);
    size *= Math.max(1, extent); // an extent of 0 must not hide the others
    if (size > Number.MAX_SAFE_INTEGER) throw bad('shape holds more elements than can be counted');
    shape.push(extent + 0); // -0 becomes 0
  }
  return shape;
}

function readOffsets(name: string, value: unknown, dataBytes: number, file: string): [number, number] {
  const bad = (message: string, fix?: string) =>
    badFile(file, {
      message: `tensor ${quoted(name)}: ${message}`,
      roles: ['tensor', 'data_offsets'],
      values: { tensor: name, data_offsets: value, dataBytes },
      ...(fix === undefined ? {} : { fix }),
    });
  if (!Array.isArray(value) || value.length !== 2) {
    throw bad(
      `data_offsets is ${Array.isArray(value) ? `a list of ${value.length}` : kindOf(value)}, not [begin, end]`,
    );
  }
  const [begin, end]: unknown[] = value;
  if (!isCount(begin) || !isCount(end)) {
    throw bad(`data_offsets are ${kindOf(begin)} and ${kindOf(end)}, not whole numbers ≥ 0`);
  }
  if (begin > end) throw bad(`data_offsets [${begin},${end}] begin after their end`);
  if (end > dataBytes) {
    throw bad(
      `data_offsets [${begin},${end}] lie outside the ${dataBytes} bytes of data`,
      'the file may have been cut short: download or save it again',
    );
  }
  return [begin + 0, end + 0];
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
