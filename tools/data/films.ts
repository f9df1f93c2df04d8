/**
 * Reads the films of the npm package `vega-datasets` as they really are: 3,201 records, of which one has no title, nine have a number for
 * one (`300`), 24 repeat a title and twenty hold text that was taken for Mac Roman when it was Latin-1 (`LÈon`). Those with a number or no
 * title are left out, repetitions too (the first record counts); the wrong letters are mended.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFileError } from '../../demo/data/packed.js';
import type { PackedTable } from '../../demo/data/packed-table.js';
import { LONGEST_TITLE, titleForm } from '../../demo/text/title.js';
import { REINSTALL } from './sources.js';

/** What the package has in place of a letter. */
const MENDED: Readonly<Record<string, string>> = {
  È: 'é',
  Í: 'ê',
  Ë: 'è',
  Î: 'ë',
  '˘': 'ù',
  Û: 'ó',
  Ù: 'ô',
  '‰': 'ä',
  '‡': 'à',
  '·': 'á',
  Ö: '…',
  Ω: '½',
  '¢': 'c',
};

/** Columns `title` and `genre`, the latter empty where the package names none. Throws `DataFileError`. */
export function readFilms(folder: string): Pick<PackedTable, 'rows' | 'columns'> {
  const file = join(folder, 'data', 'movies.json');
  const genres = new Map<string, string>();
  for (const record of recordsOf(file)) {
    const { Title: name, 'Major Genre': genre } = record;
    if (typeof name !== 'string') continue;
    const title = titleForm(tidied(name));
    if (title === '' || title.length > LONGEST_TITLE || genres.has(title)) continue;
    genres.set(title, typeof genre === 'string' ? genre : '');
  }
  if (genres.size === 0) throw new DataFileError(file, 'none of its records has a title', REINSTALL);
  return { rows: genres.size, columns: { title: [...genres.keys()], genre: [...genres.values()] } };
}

/** A title as it would be said: letters mended, without a remark in brackets, the article in front. */
export function tidied(title: string): string {
  return [...title]
    .map((letter) => MENDED[letter] ?? letter)
    .join('')
    .replace(/\s*\([^)]*\)/g, '')
    .replace(/^(.*), (the|a|an)$/i, '$2 $1');
}

function recordsOf(file: string): readonly Readonly<Record<string, unknown>>[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFileError(file, `it cannot be read as JSON (${reason})`, REINSTALL);
  }
  if (!Array.isArray(parsed) || !parsed.every((record) => typeof record === 'object' && record !== null))
    throw new DataFileError(file, 'it is no list of records', REINSTALL);
  return parsed;
}
