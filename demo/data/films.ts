/** The films of the npm package `vega-datasets`, packed by `npm run data`: titles, genres, and who is held out. */

import { loadTable } from './load-table.js';
import { type PackedTable, textColumn } from './packed-table.js';
import { shuffledOrder, stratifiedSplit } from './split.js';

/** Decides which films are held out: the same for every run, whatever its seed, so that figures can be compared. */
const SPLIT_SEED = 1895;

/**
 * What the package's genres count as. Comedies of all kinds are one; Musical, Western, Documentary and Concert/Performance have fewer
 * than 60 films each and are left out, as are films without a genre.
 */
const GENRES: Readonly<Record<string, string>> = Object.freeze({
  Drama: 'Drama',
  Comedy: 'Comedy',
  'Romantic Comedy': 'Comedy',
  'Black Comedy': 'Comedy',
  Action: 'Action',
  Adventure: 'Adventure',
  'Thriller/Suspense': 'Thriller',
  Horror: 'Horror',
});

/** What titles can be told by. */
export const GENRE_NAMES: readonly string[] = Object.freeze([...new Set(Object.values(GENRES))]);

export interface TitleParts {
  readonly train: readonly string[];
  readonly heldOut: readonly string[];
}

export interface GenreFilms {
  readonly titles: readonly string[];
  /** Indices into `GENRE_NAMES`. */
  readonly labels: readonly number[];
}

/** Every title, a tenth of them held out. Throws `DataFileError` for a file that is missing or damaged. */
export async function loadTitles(base: string): Promise<TitleParts> {
  return splitTitles(await loadTable(base, 'films'));
}

/** The films of the six large genres; a fifth of each is held out. Throws `DataFileError` as `loadTitles`. */
export async function loadGenres(base: string): Promise<Record<'train' | 'heldOut', GenreFilms>> {
  return splitGenres(await loadTable(base, 'films'));
}

/** See `loadTitles`. */
export function splitTitles(films: PackedTable): TitleParts {
  const titles = textColumn(films, 'title');
  const order = shuffledOrder(titles.length, SPLIT_SEED);
  const shuffled = Array.from(order, (row) => titles[row] ?? '');
  const held = Math.round(titles.length / 10);
  return { train: shuffled.slice(held), heldOut: shuffled.slice(0, held) };
}

/** See `loadGenres`. */
export function splitGenres(films: PackedTable): Record<'train' | 'heldOut', GenreFilms> {
  const genres = textColumn(films, 'genre');
  const known = textColumn(films, 'title').flatMap((title, row) => {
    const genre = GENRES[genres[row] ?? ''];
    return genre === undefined ? [] : [{ title, label: GENRE_NAMES.indexOf(genre) }];
  });
  const labels = known.map(({ label }) => label);
  const { train, validation } = stratifiedSplit(labels, 0.2, SPLIT_SEED);
  const part = (rows: Uint32Array): GenreFilms => ({
    titles: Array.from(rows, (row) => known[row]?.title ?? ''),
    labels: Array.from(rows, (row) => known[row]?.label ?? 0),
  });
  return { train: part(train), heldOut: part(validation) };
}
