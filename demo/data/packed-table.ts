/**
 * The packed table: small data sets of texts and numbers, as columns of equal length. One JSON object, so that it can be read with any
 * tool, with a checksum over all the rest of it; one module writes and reads it, in Node and in the page.
 */

import { crc32, DataFileError, REPACK } from './packed.js';

export type Column = readonly string[] | readonly number[];

export interface PackedTable {
  /** Name of the data set, such as `films`. */
  readonly name: string;
  /** Where it came from and how it was prepared; a packer compares it to see whether a file is current. */
  readonly source: string;
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/** The same table gives the same text. Throws `DataFileError` where a column has another length than `rows`. */
export function encodeTable({ name, source, rows, columns }: PackedTable): string {
  checkLengths({ rows, columns }, name);
  const table = { name, source, rows, columns };
  return JSON.stringify({ crc32: checksum(table), ...table });
}

/** Reads one file; `file` is its name for errors. Throws `DataFileError` for one that is cut short, damaged or no packed table. */
export function decodeTable(text: string, file: string): PackedTable {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new DataFileError(file, 'it is no JSON, or cut short', REPACK);
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new DataFileError(file, 'it is no packed table', REPACK);
  const { crc32: expected, ...table } = parsed as { crc32: unknown } & PackedTable;
  const found = checksum(table);
  if (found !== expected) {
    throw new DataFileError(
      file,
      `its content is damaged: checksum ${found} instead of ${String(expected)}`,
      REPACK,
    );
  }
  checkLengths(table, file);
  return table;
}

/** The column `name`, which must hold texts. Throws `DataFileError`. */
export function textColumn({ name: table, columns }: PackedTable, name: string): readonly string[] {
  const column: readonly unknown[] = columns[name] ?? [undefined];
  if (column.every((value): value is string => typeof value === 'string')) return column;
  throw new DataFileError(`${table}.json`, `it has no column of texts called '${name}'`, REPACK);
}

/** The column `name`, which must hold numbers. Throws `DataFileError`. */
export function numberColumn({ name: table, columns }: PackedTable, name: string): readonly number[] {
  const column: readonly unknown[] = columns[name] ?? [undefined];
  if (column.every((value): value is number => typeof value === 'number')) return column;
  throw new DataFileError(`${table}.json`, `it has no column of numbers called '${name}'`, REPACK);
}

const checksum = (table: unknown): string =>
  crc32(new TextEncoder().encode(JSON.stringify(table)))
    .toString(16)
    .padStart(8, '0');

function checkLengths({ rows, columns }: Pick<PackedTable, 'rows' | 'columns'>, file: string): void {
  for (const [name, column] of Object.entries(columns)) {
    if (column.length !== rows)
      throw new DataFileError(
        file,
        `column '${name}' has ${column.length} values instead of ${rows}`,
        REPACK,
      );
  }
}
