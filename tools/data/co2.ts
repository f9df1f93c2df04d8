/**
 * Reads the monthly CO₂ series of the npm package `vega-datasets`: the measurements of the Scripps CO₂ Program on Mauna Loa (CC BY 4.0),
 * from March 1958 on. It has a row for each month that was measured; five months of 1958 and 1964 were not, and have none.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFileError } from '../../demo/data/packed.js';
import type { PackedTable } from '../../demo/data/packed-table.js';
import { REINSTALL } from './sources.js';

const HEAD = 'Date,CO2,adjusted CO2';
const ROW = /^(\d{4}-(?:0[1-9]|1[0-2]))-01,(\d+\.\d+),\d+\.\d+$/;

/** Columns `month` (`1958-03`, rising) and `ppm`. Throws `DataFileError`. */
export function readCo2(folder: string): Pick<PackedTable, 'rows' | 'columns'> {
  const file = join(folder, 'data', 'co2-concentration.csv');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFileError(file, `it cannot be read (${reason})`, REINSTALL);
  }
  return co2Table(text, file);
}

/** The same from the file's text. */
export function co2Table(text: string, file: string): Pick<PackedTable, 'rows' | 'columns'> {
  const [head, ...lines] = text.trimEnd().split(/\r?\n/);
  if (head !== HEAD)
    throw new DataFileError(file, `it begins with "${head}" instead of "${HEAD}"`, REINSTALL);
  const month: string[] = [];
  const ppm: number[] = [];
  for (const [index, line] of lines.entries()) {
    const [, when, value] = ROW.exec(line) ?? [];
    if (when === undefined || when <= (month.at(-1) ?? ''))
      throw new DataFileError(
        file,
        `line ${index + 2} is "${line}", no later month with its value`,
        REINSTALL,
      );
    month.push(when);
    ppm.push(Number(value));
  }
  if (month.length === 0) throw new DataFileError(file, 'it has no months', REINSTALL);
  return { rows: month.length, columns: { month, ppm } };
}
