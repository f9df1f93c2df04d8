/** Titles as words: for a title's genre, whole words say more than letters do. */

import { PAD, UNKNOWN } from './vocabulary.js';

/** The words that are read of a title; titles of the data set have eleven at most. */
export const WORDS = 12;

/** Words with their apostrophes, numbers, and each mark of `!?&:` on its own: sequels and comedies give themselves away by them. */
export function wordsOf(title: string): readonly string[] {
  return title.match(/[a-z']+|[0-9]+|[!?&:]/g) ?? [];
}

/** Words as ids: 0 pads, 1 is any word that is not known, the others follow in the order in which they are met. */
export interface Words {
  /** Ids in all. */
  readonly size: number;
  /** The ids of the first `WORDS` words of each title, padded: [titles, WORDS]. A title without words is one unknown word. */
  encode(titles: readonly string[]): Int32Array<ArrayBuffer>;
}

/** The words of `titles`. */
export function wordsIn(titles: readonly string[]): Words {
  const ids = new Map<string, number>();
  for (const word of titles.flatMap(wordsOf)) if (!ids.has(word)) ids.set(word, ids.size + 2);
  return Object.freeze({
    size: ids.size + 2,
    encode(chosen: readonly string[]) {
      const rows = new Int32Array(chosen.length * WORDS).fill(PAD);
      chosen.forEach((title, row) => {
        const words = wordsOf(title).slice(0, WORDS);
        const read = words.length > 0 ? words.map((word) => ids.get(word) ?? UNKNOWN) : [UNKNOWN];
        rows.set(read, row * WORDS);
      });
      return rows;
    },
  });
}
