/** Tables: written and read, refused when damaged; and the films of the real package, as they are packed. */

import { describe, expect, it } from 'vitest';
import { GENRE_NAMES, splitGenres, splitTitles } from '../../demo/data/films.js';
import { DataFileError } from '../../demo/data/packed.js';
import {
  decodeTable,
  encodeTable,
  numberColumn,
  type PackedTable,
  textColumn,
} from '../../demo/data/packed-table.js';
import { LONGEST_TITLE, TITLE_ALPHABET, titleForm } from '../../demo/text/title.js';
import { PAD, UNKNOWN } from '../../demo/text/vocabulary.js';
import { WORDS, wordsIn, wordsOf } from '../../demo/text/words.js';
import { readFilms, tidied } from '../../tools/data/films.js';
import { findPackage } from '../../tools/data/sources.js';

const table: PackedTable = {
  name: 'films',
  source: 'a package',
  rows: 2,
  columns: { title: ['alien', 'brazil'], year: [1979, 1985] },
};

describe('a packed table', () => {
  const text = encodeTable(table);

  it('comes back as it was, and is the same text every time', () => {
    expect(decodeTable(text, 'films.json')).toEqual(table);
    expect(encodeTable(decodeTable(text, 'films.json'))).toBe(text);
  });

  it('hands out columns by kind', () => {
    expect(textColumn(table, 'title')).toEqual(['alien', 'brazil']);
    expect(numberColumn(table, 'year')).toEqual([1979, 1985]);
    expect(() => textColumn(table, 'year')).toThrow(/films\.json: it has no column of texts called 'year'/);
    expect(() => numberColumn(table, 'length')).toThrow(/no column of numbers called 'length'/);
  });

  it.each([
    ['cut short', text.slice(0, -9), /films\.json: it is no JSON, or cut short/],
    ['one letter changed', text.replace('alien', 'align'), /checksum [0-9a-f]{8} instead of [0-9a-f]{8}/],
    ['something else', '[]', /checksum [0-9a-f]{8} instead of undefined/],
    ['a number', '7', /it is no packed table/],
  ])('%s: is refused, with the mend', (_, damaged, why) => {
    expect(() => decodeTable(damaged, 'films.json')).toThrow(why);
    expect(() => decodeTable(damaged, 'films.json')).toThrow(DataFileError);
    expect(() => decodeTable(damaged, 'films.json')).toThrow(/npm run data/);
  });

  it('is not written with columns of unequal length', () => {
    expect(() => encodeTable({ ...table, rows: 3 })).toThrow(/column 'title' has 2 values instead of 3/);
  });
});

describe('the form of titles', () => {
  it.each([
    ['Amélie', 'amelie'],
    ['  WALL·E  ', 'wall e'],
    ['M*A*S*H', 'm a s h'],
    ['Don’t Look – Now…', "don't look - now..."],
    ['½ Naked', '1/2 naked'],
    ['日本', ''],
  ])('%s', (given, form) => {
    expect(titleForm(given)).toBe(form);
  });

  it('mends what the package has wrong', () => {
    expect(titleForm(tidied('LÈon'))).toBe('leon');
    expect(tidied('Charge of the Light Brigade, The')).toBe('The Charge of the Light Brigade');
    expect(tidied('King Kong (1933)')).toBe('King Kong');
    expect(tidied('Fire, Theft and Other Tales')).toBe('Fire, Theft and Other Tales');
  });
});

describe('the films of the package', () => {
  const { rows, columns } = readFilms(findPackage('vega-datasets').folder);
  const titles = columns.title as readonly string[];
  const genres = columns.genre as readonly string[];

  it('are those with a title, each once, in the alphabet', () => {
    expect(rows).toBe(3149);
    expect(new Set(titles).size).toBe(rows);
    for (const title of titles) {
      expect(title.length).toBeGreaterThan(0);
      expect(title.length).toBeLessThanOrEqual(LONGEST_TITLE);
      expect([...title].every((character) => TITLE_ALPHABET.includes(character))).toBe(true);
    }
    expect(titles).toContain('leon');
    expect(titles).not.toContain('300');
  });

  it('have the genres of the package, or none', () => {
    const counts = new Map<string, number>();
    for (const genre of genres) counts.set(genre, (counts.get(genre) ?? 0) + 1);
    expect(counts.size).toBe(13);
    expect([...counts].sort(([, a], [, b]) => b - a)[0]?.[0]).toBe('Drama');
    expect(genres[titles.indexOf('aliens')]).toBe('Action');
  });
});

describe('the split of the films', () => {
  const films: PackedTable = {
    name: 'films',
    source: 'a package',
    ...readFilms(findPackage('vega-datasets').folder),
  };

  it('holds a tenth of the titles out, every title in one part, the same every time', () => {
    const { train, heldOut } = splitTitles(films);
    expect([train.length, heldOut.length]).toEqual([2834, 315]);
    expect(new Set([...train, ...heldOut]).size).toBe(films.rows);
    expect(splitTitles(films)).toEqual({ train, heldOut });
    const first = (films.columns.title as readonly string[]).slice(0, 315);
    expect(heldOut.filter((title) => first.includes(title)).length, 'shuffled').toBeLessThan(60);
  });

  it('holds a fifth of each of the six large genres out', () => {
    const { train, heldOut } = splitGenres(films);
    expect(GENRE_NAMES).toEqual(['Drama', 'Comedy', 'Action', 'Adventure', 'Thriller', 'Horror']);
    expect(train.titles.length + heldOut.titles.length).toBe(2746);
    expect(new Set([...train.titles, ...heldOut.titles]).size).toBe(2746);
    GENRE_NAMES.forEach((name, genre) => {
      const count = (labels: readonly number[]): number => labels.filter((label) => label === genre).length;
      const held = count(heldOut.labels);
      expect(held / (held + count(train.labels)), name).toBeCloseTo(0.2, 2);
    });
    const at = heldOut.titles[0] as string;
    const row = (films.columns.title as readonly string[]).indexOf(at);
    expect((films.columns.genre as readonly string[])[row]).toContain(
      GENRE_NAMES[heldOut.labels[0] as number] as string,
    );
  });
});

describe('the words of titles', () => {
  it('are words, numbers and telling marks', () => {
    expect(wordsOf("don't look now - 2: what?")).toEqual(["don't", 'look', 'now', '2', ':', 'what', '?']);
  });

  it('are numbered as they are met; others are unknown, and the rest of a row is padding', () => {
    const words = wordsIn(['the moon', 'the sun']);
    expect(words.size).toBe(5);
    const [the, moon, sun] = [2, 3, 4];
    const rows = words.encode(['the sun', 'a moon', '...']);
    const row = (index: number): number[] => [...rows.subarray(index * WORDS, (index + 1) * WORDS)];
    expect(row(0).slice(0, 3)).toEqual([the, sun, PAD]);
    expect(row(1).slice(0, 3)).toEqual([UNKNOWN, moon, PAD]);
    expect(row(2).slice(0, 2)).toEqual([UNKNOWN, PAD]);
    expect(words.encode([Array.from({ length: 20 }, () => 'the').join(' ')])).toHaveLength(WORDS);
  });
});
