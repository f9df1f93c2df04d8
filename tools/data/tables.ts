/** The data sets that are tables: for each its file, the npm package it comes from, and how it is read from there. */

import type { PackedTable } from '../../demo/data/packed-table.js';
import { readCo2 } from './co2.js';
import { readFilms } from './films.js';

export interface TableSource {
  /** Of the table and its file, `NAME.json`. */
  readonly name: string;
  readonly packageName: string;
  /** How the table is prepared; another wording makes the packer pack it again. */
  readonly prepared: string;
  readonly read: (packageFolder: string) => Pick<PackedTable, 'rows' | 'columns'>;
}

export const TABLES: readonly TableSource[] = Object.freeze([
  {
    name: 'films',
    packageName: 'vega-datasets',
    prepared: 'titles tidied, in small letters, each once',
    read: readFilms,
  },
  { name: 'co2', packageName: 'vega-datasets', prepared: 'as measured', read: readCo2 },
]);
