/** Characters as numbers. 0 pads, 1 ends a line; the others follow. */

/** The id that counts for nothing. */
export const PAD = 0;
/** The id of the end of a line, which also stands before every text. */
export const END = 1;

/** Of words: the id of those that are not known. */
export const UNKNOWN = 1;

/** What stands for a character that a vocabulary has no id of its own for. */
const OTHER = '�';

export interface Vocabulary {
  /** Ids in all, `PAD` and `END` included. */
  readonly size: number;
  /** The ids of a text, a line break being `END`. */
  encode(text: string): number[];
  /** The text of ids; `PAD` is nothing. */
  decode(ids: Iterable<number>): string;
}

/** The vocabulary of these characters, in this order; every other character is read as `other`, or left out where there is none. */
export function vocabularyOf(characters: Iterable<string>, other?: string): Vocabulary {
  const all = ['', '\n', ...new Set([...characters].filter((character) => character !== '\n'))];
  const ids = new Map(all.map((character, id) => [character, id]));
  const otherId = other === undefined ? undefined : ids.get(other);
  return Object.freeze({
    size: all.length,
    encode: (text: string) =>
      [...text].flatMap((character) => ids.get(character) ?? (otherId === undefined ? [] : [otherId])),
    decode: (chosen: Iterable<number>) => Array.from(chosen, (id) => all[id] ?? '').join(''),
  });
}

/** The vocabulary of a text: its `most` commonest characters, and one id for all others where there are more. */
export function vocabularyFor(text: string, most = 255): Vocabulary {
  const counts = new Map<string, number>();
  for (const character of text)
    if (character !== '\n') counts.set(character, (counts.get(character) ?? 0) + 1);
  // In code order where counts are equal: the same text gives the same ids everywhere.
  const common = [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([character]) => character);
  if (common.length <= most) return vocabularyOf(common);
  return vocabularyOf([...common.slice(0, most), OTHER], OTHER);
}
