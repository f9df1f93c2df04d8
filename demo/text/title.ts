/**
 * The one form in which film titles are learned: small letters, digits, the space and nine marks. Fewer characters train better: with
 * capitals the same letter would have to be learned twice, from 3,000 titles.
 */

/** All characters of a title, in the order of their ids. */
export const TITLE_ALPHABET = " abcdefghijklmnopqrstuvwxyz0123456789'-:.,&!?/";

/** Longer ones (15 of 3,163) are left out: with the end of the line, each title fits a row of 48. */
export const LONGEST_TITLE = 47;

/**
 * `text` in that form: without accents, in small letters, quotes and dashes made plain; whatever else is there becomes a space, and
 * spaces are never doubled, first or last. May be empty.
 */
export function titleForm(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[‘’`´]/g, "'")
    .replace(/[‐-―−]/g, '-')
    .replace(/⁄/g, '/')
    .toLowerCase();
  return [...plain]
    .map((character) => (TITLE_ALPHABET.includes(character) ? character : ' '))
    .join('')
    .replace(/ +/g, ' ')
    .trim();
}
