/**
 * Errors about a safetensors file. What they quote comes from a stranger, so that it is cut to a length that a person can read.
 */

import { HeddleError } from '../core/errors.js';

export interface Fault {
  readonly message: string;
  readonly roles: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
  readonly fix?: string;
  readonly cause?: unknown;
}

const NOT_SAFETENSORS = 'pass a .safetensors file, whole and unchanged';

/** The error for a bad file: always `load`, always with the file's name. */
export function badFile(file: string, fault: Fault): HeddleError {
  const { message, values = {}, fix = NOT_SAFETENSORS } = fault;
  return new HeddleError({
    ...fault,
    op: 'load',
    message: `${file}: ${message}`,
    values: { file, ...values },
    fix,
  });
}

/** `name` in quotes for a message, cut where a hostile file makes it long. */
export const quoted = (name: string): string => `'${clip(name)}'`;

/** `text`, cut where a hostile file makes it long. */
export const clip = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** What a JSON value is, in a word or two; never its whole text, which may be the size of the file. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'object' ? 'an object' : String(value);
}

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
