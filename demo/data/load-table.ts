/** Loads a packed table in a page and checks it before handing it out. */

import { fetched } from './fetched.js';
import { DataFileError, REPACK } from './packed.js';
import { decodeTable, type PackedTable } from './packed-table.js';

/** The table `name` from the folder `base`. Throws `DataFileError` for a file that is missing, damaged or another table. */
export async function loadTable(base: string, name: string): Promise<PackedTable> {
  const file = `${name}.json`;
  const table = decodeTable(new TextDecoder().decode(await fetched(base, file)), file);
  if (table.name === name) return table;
  throw new DataFileError(file, `it holds "${table.name}" instead of "${name}"`, REPACK);
}
