/** What a character model is to learn: film titles, or a text of the user's, in rows, with a part held out and its cost by counting. */

import type { TitleParts } from '../data/films.js';
import { shuffledOrder } from '../data/split.js';
import { readText } from './file.js';
import { cutText, packLines, type Rows, reordered, someRows } from './rows.js';
import { LONGEST_TITLE, TITLE_ALPHABET, titleForm } from './title.js';
import { tunedTrigram, withoutLast } from './trigram.js';
import { END, type Vocabulary, vocabularyFor, vocabularyOf } from './vocabulary.js';

/** What is learned, and how its like is written. */
export interface Task {
  readonly kind: 'titles' | 'passages';
  readonly vocabulary: Vocabulary;
  readonly train: Rows;
  readonly heldOut: Rows;
  /** The same held-out characters, cost by the smoothed counts of all characters to learn from. */
  readonly trigramBits: number;
  readonly smoothing: number;
  /** What was held out, in words. */
  readonly measuredOn: string;
  /** Texts written at once, and how long they may become. */
  readonly texts: number;
  readonly length: number;
  /** A beginning as it is learned. */
  form(prefix: string): string;
  known(text: string): boolean;
}

/** Titles, several to a row, whole. */
export function titlesTask({ train, heldOut }: TitleParts, seed: number): Task {
  const vocabulary = vocabularyOf(TITLE_ALPHABET);
  const length = LONGEST_TITLE + 1;
  const encoded = (titles: readonly string[]) => titles.map((title) => vocabulary.encode(title));
  const ended = (titles: readonly string[]) => titles.map((title) => [...vocabulary.encode(title), END]);
  const trigram = tunedTrigram(ended(train), vocabulary.size - 1);
  const learned = new Set(train);
  return {
    kind: 'titles',
    vocabulary,
    train: packLines(encoded(train), length, seed),
    heldOut: packLines(encoded(heldOut), length, seed),
    trigramBits: trigram.bitsPerCharacter(ended(heldOut)),
    smoothing: trigram.weight,
    measuredOn: `${heldOut.length} held-out titles`,
    texts: 8,
    length,
    // A space at the end asks for a new word.
    form: (prefix) => titleForm(prefix) + (/\S\s$/.test(prefix) ? ' ' : ''),
    known: (text) => learned.has(text),
  };
}

/** Places in a row of a text. */
const TEXT_ROW = 64;
/** Characters of a text that an epoch takes: a minute or so where a CPU plays the GPU, and then it writes again. */
const EPOCH_CHARACTERS = 100_000;
/** Characters of a text that are held out, at most. */
const MOST_HELD_OUT = 50_000;

/** A text as one stream, cut into rows wherever they end; its last tenth, or the last 50,000 characters, is held out. Throws `TextFileError`. */
export function passagesTask(name: string, bytes: Uint8Array, seed: number): Task {
  const text = readText(name, bytes);
  const vocabulary = vocabularyFor(text);
  const all = vocabulary.encode(text);
  const share = Math.min(0.1, MOST_HELD_OUT / all.length);
  const { rest, last } = withoutLast([all], share);
  const [train, held] = [rest[0] ?? [], last[0] ?? []];
  const trigram = tunedTrigram([train], vocabulary.size - 1);
  const rows = cutText(train, TEXT_ROW);
  return {
    kind: 'passages',
    vocabulary,
    train: reordered(rows, shuffledOrder(rows.rows, seed)),
    heldOut: cutText(held, TEXT_ROW),
    trigramBits: trigram.bitsPerCharacter([held]),
    smoothing: trigram.weight,
    measuredOn: `the last ${held.length.toLocaleString('en')} characters of ${name}, held out`,
    texts: 4,
    length: 160,
    form: (prefix) => prefix,
    known: (passage) => text.includes(passage),
  };
}

/**
 * What the epochs take, one after the other: all rows, or parts of very many. Parts are equal, so that one program fits all: where the rows
 * do not divide, the last part begins with a few of the one before.
 */
export function partsOf(all: Rows): readonly Rows[] {
  const count = Math.ceil(all.characters / EPOCH_CHARACTERS);
  const rows = Math.ceil(all.rows / count);
  return Array.from({ length: count }, (_, part) => {
    const from = Math.min(part * rows, all.rows - rows);
    return someRows(all, from, from + rows);
  });
}
