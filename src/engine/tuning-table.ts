/**
 * What measurements found: which kernel runs which request, on one adapter. Plain, frozen data, JSON as it stands, so that it can be kept
 * in a database, a file, or with a model, whose bits depend on it.
 */

import { adapterName } from '../core/adapter.js';
import { HeddleError } from '../core/errors.js';
import type { Capabilities } from '../kernels/kernel.js';
import type { Backend } from './backend.js';

export interface TuningTable {
  readonly version: 1;
  /** The adapter that was measured: `adapterName`. */
  readonly adapter: string;
  /** From a request (op, types, attributes, which outputs are used) to the key of one of the op's kernels. */
  readonly entries: Readonly<Record<string, string>>;
}

const VERSION = 1;

/** Entries in order of their keys, so that equal content is saved as equal bytes. */
export function tuningTable(adapter: string, entries: Iterable<readonly [string, string]>): TuningTable {
  const sorted = [...new Map(entries)].sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.freeze({
    version: VERSION,
    adapter,
    entries: Object.freeze(Object.fromEntries(sorted)),
  });
}

/** `table` on top of what was there before; what is no table of its adapter (damaged, or of another version) is replaced. */
export function addedTo(kept: unknown, table: TuningTable): TuningTable {
  const same = faultOf(kept) === null && (kept as TuningTable).adapter === table.adapter;
  const before = same ? (kept as TuningTable).entries : {};
  return tuningTable(table.adapter, [...Object.entries(before), ...Object.entries(table.entries)]);
}

/** `value`, wherever it came from, as a table of its own. `source` is what the error calls it. Throws a `HeddleError`. */
export function checkedTable(op: string, value: unknown, source = 'the tuning table'): TuningTable {
  const fault = faultOf(value);
  if (fault === null) {
    const { adapter, entries } = value as TuningTable;
    return tuningTable(adapter, Object.entries(entries));
  }
  throw new HeddleError({
    op,
    message: `${source} is none: ${fault}`,
    roles: ['tuning'],
    values: { fault },
    fix: 'pass a table as tune() gives it, or make a new one with tune()',
  });
}

/** Whether `value` says of itself that this version can read it. */
export const isReadable = (value: unknown): boolean => isObject(value) && value.version === VERSION;

function faultOf(value: unknown): string | null {
  if (!isObject(value)) return `it is ${value === null ? 'null' : `a ${typeof value}`}`;
  const { version, adapter, entries } = value;
  if (version !== VERSION) return `its version is ${String(version)}, this library reads ${VERSION}`;
  if (typeof adapter !== 'string') return 'it names no adapter';
  const named = isObject(entries) && Object.values(entries).every((key) => typeof key === 'string');
  return named ? null : 'its entries are no names of kernels';
}

/**
 * What `table` says, to be looked up while `backend` compiles.
 *
 * @throws HeddleError for anything that is no table, and a table of another adapter.
 */
export function entriesFor(op: string, table: TuningTable, backend: Backend): ReadonlyMap<string, string> {
  const { adapter, entries } = checkedTable(op, table);
  const here = adapterName(backend.adapter);
  if (adapter === here) return new Map(Object.entries(entries));
  throw new HeddleError({
    op,
    message: `the tuning table was measured on '${adapter}', programs run on '${here}'`,
    roles: ['tuning', 'adapter'],
    values: { table: adapter, adapter: here },
    fix: 'measure here with tune(), or leave the table out (tuning: null)',
  });
}

/** `capabilities` with `entries` on top of their tuning. */
export const tunedCapabilities = (
  capabilities: Capabilities,
  entries: ReadonlyMap<string, string> | undefined,
): Capabilities =>
  entries ? { ...capabilities, tuning: new Map([...capabilities.tuning, ...entries]) } : capabilities;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
