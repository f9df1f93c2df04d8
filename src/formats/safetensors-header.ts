/**
 * The header of a safetensors file, as bytes from a stranger: every number is checked before it is used, and what comes out is only
 * what we looked at. The checks together say that the tensors tile the data exactly, so that the memory they ask for is the file's size.
 */

import { readEntry, type TensorEntry } from './safetensors-entry.js';
import { badFile, isObject, kindOf, quoted } from './safetensors-fault.js';
import { findDuplicateKey } from './safetensors-keys.js';

export const METADATA_KEY = '__metadata__';

/** Names that have no business in a file, and would be a trap for whoever puts them on a plain object. */
export const FORBIDDEN_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype'];

export interface Header {
  readonly entries: readonly TensorEntry[];
  readonly metadata: Record<string, string>;
}

/**
 * The checked header.
 *
 * @param text the header, `{ "<name>": { "dtype", "shape", "data_offsets" }, …, "__metadata__"?: { "<key>": "<text>" } }`
 * @param dataBytes the bytes that follow it
 * @throws HeddleError (`load`) for the first thing that is wrong.
 */
export function parseHeader(text: string, dataBytes: number, file: string): Header {
  const header = parseObject(text, file);
  const entries: TensorEntry[] = [];
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(header)) {
    rejectForbidden(name, 'tensor', file);
    if (name === METADATA_KEY) readMetadata(value, metadata, file);
    else entries.push(readEntry(name, value, dataBytes, file));
  }
  checkTiling(entries, dataBytes, file);
  return { entries, metadata };
}

function parseObject(text: string, file: string): object {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw badFile(file, { message: 'the header is not JSON', roles: ['header'], cause });
  }
  // The format asks for `{` as the very first byte; spaces may follow the closing brace only.
  if (!isObject(header) || !text.startsWith('{')) {
    throw badFile(file, {
      message: 'the header is not a JSON object',
      roles: ['header'],
      values: { header: kindOf(header) },
    });
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate) {
    const { key, path } = duplicate;
    const place = path.length > 0 ? ` in ${path.map(quoted).join(' in ')}` : '';
    throw badFile(file, {
      message: `the header has the key ${quoted(key)} twice${place}`,
      roles: ['header', 'key'],
      values: { key, path },
      fix: 'write the file again with each name once',
    });
  }
  return header;
}

function rejectForbidden(name: string, role: string, file: string): void {
  if (!FORBIDDEN_NAMES.includes(name)) return;
  throw badFile(file, {
    message: `the ${role} name '${name}' is not allowed`,
    roles: [role],
    values: { [role]: name },
    fix: `rename it; ${FORBIDDEN_NAMES.join(', ')} are refused, because they can change JavaScript objects`,
  });
}

function readMetadata(value: unknown, into: Record<string, string>, file: string): void {
  if (!isObject(value)) {
    throw badFile(file, {
      message: `${METADATA_KEY} is ${kindOf(value)}, not an object of strings`,
      roles: [METADATA_KEY],
      values: { [METADATA_KEY]: kindOf(value) },
    });
  }
  for (const [key, text] of Object.entries(value)) {
    rejectForbidden(key, 'metadata key', file);
    if (typeof text !== 'string') {
      throw badFile(file, {
        message: `${METADATA_KEY} has ${kindOf(text)} under ${quoted(key)}, not a string`,
        roles: [METADATA_KEY],
        values: { key, value: kindOf(text) },
        fix: 'store every metadata value as a string (JSON for what is structured)',
      });
    }
    into[key] = text;
  }
}

/** In order of their place, each tensor begins where the last one ended, and the last ends with the file. */
function checkTiling(entries: readonly TensorEntry[], dataBytes: number, file: string): void {
  const ordered = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let last: TensorEntry | undefined;
  for (const entry of ordered) {
    const from = last?.end ?? 0;
    if (entry.begin < from && last) {
      throw badFile(file, {
        message: `tensors ${quoted(last.name)} [${last.begin},${last.end}] and ${quoted(entry.name)} [${entry.begin},${entry.end}] overlap`,
        roles: ['tensor', 'data_offsets'],
        values: { tensors: [last.name, entry.name], data_offsets: [offsetsOf(last), offsetsOf(entry)] },
      });
    }
    if (entry.begin > from) {
      throw badFile(file, {
        message: `bytes ${from} to ${entry.begin} of the data, before tensor ${quoted(entry.name)}, belong to no tensor`,
        roles: ['tensor', 'data_offsets'],
        values: { tensor: entry.name, hole: [from, entry.begin] },
      });
    }
    last = entry;
  }
  const end = last?.end ?? 0;
  if (end !== dataBytes) {
    throw badFile(file, {
      message: `${dataBytes - end} bytes follow the last tensor`,
      roles: ['data'],
      values: { end, dataBytes },
    });
  }
}

const offsetsOf = ({ begin, end }: TensorEntry): [number, number] => [begin, end];
