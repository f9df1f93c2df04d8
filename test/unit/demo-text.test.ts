/** What the examples on texts stand on: ids of characters, rows, files of the user's, and the counts that a network has to beat. */

import { describe, expect, it } from 'vitest';
import { shuffledOrder } from '../../demo/data/split.js';
import { readText, TextFileError } from '../../demo/text/file.js';
import { cutText, packLines, type Rows, reordered, someRows } from '../../demo/text/rows.js';
import { partsOf } from '../../demo/text/task.js';
import { trigram, tunedTrigram, withoutLast } from '../../demo/text/trigram.js';
import { END, PAD, vocabularyFor, vocabularyOf } from '../../demo/text/vocabulary.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a vocabulary', () => {
  it('begins with padding and the end of a line, and gives back what it took', () => {
    const { size, encode, decode } = vocabularyOf('abc\nb');
    expect(size).toBe(5);
    expect(encode('cab\n')).toEqual([4, 2, 3, END]);
    expect(decode([PAD, 4, 2, 3, END, PAD])).toBe('cab\n');
    expect(encode('a?b'), 'what it does not know is left out').toEqual([2, 3]);
  });

  it('of a text has the commonest characters first, and one id for all that are too many', () => {
    const { size, encode, decode } = vocabularyFor('aaa bb c\nd', 3);
    expect(size).toBe(6);
    expect(encode('ab c')).toEqual([2, 4, 3, 5]);
    expect(decode(encode('ad'))).toBe('a�');
    expect(vocabularyFor('aaa bb c\nd').decode(vocabularyFor('aaa bb c\nd').encode('dcba'))).toBe('dcba');
  });
});

/** A row's inputs and targets. */
const row = ({ inputs, targets, length }: Rows, index: number): [number[], number[]] => [
  [...inputs.subarray(index * length, (index + 1) * length)],
  [...targets.subarray(index * length, (index + 1) * length)],
];

describe('rows', () => {
  const lines = [[5], [6, 7, 8, 9], [5, 6], [7]];

  it('hold whole lines, several to a row, each between two ends', () => {
    const packed = packLines(lines, 7, 1);
    expect(packed).toMatchObject({ rows: 2, length: 7, characters: 8 + 4 });
    const texts = [0, 1].map((index) => {
      const [inputs, targets] = row(packed, index);
      const filled = targets.filter((id) => id !== PAD).length;
      expect(inputs.slice(0, filled)).toEqual([END, ...targets.slice(0, filled - 1)]);
      expect(
        inputs
          .slice(filled)
          .concat(targets.slice(filled))
          .every((id) => id === PAD),
      ).toBe(true);
      return targets
        .slice(0, filled)
        .join(' ')
        .split(` ${END}`)
        .map((line) => line.trim());
    });
    expect(
      texts
        .flat()
        .filter((line) => line !== '')
        .sort(),
    ).toEqual(['5', '5 6', '6 7 8 9', '7']);
    expect(() => packLines([[1, 2, 3]], 3, 1)).toThrow(RangeError);
  });

  it('of a cut text lose nothing at the cuts', () => {
    const cut = cutText([5, 6, 7, 8, 9], 3);
    expect(cut.characters).toBe(5);
    expect(row(cut, 0)).toEqual([
      [END, 5, 6],
      [5, 6, 7],
    ]);
    expect(row(cut, 1)).toEqual([
      [7, 8, PAD],
      [8, 9, PAD],
    ]);
  });

  it('are taken in part and in another order', () => {
    const cut = cutText([5, 6, 7, 8, 9], 2);
    expect(row(someRows(cut, 1, 3), 1)).toEqual(row(cut, 2));
    expect(someRows(cut, 2, 3).characters).toBe(1);
    const turned = reordered(cut, Uint32Array.of(2, 0, 1));
    expect([0, 1, 2].map((index) => row(turned, index))).toEqual([2, 0, 1].map((index) => row(cut, index)));
    expect(turned.characters).toBe(5);
  });
});

describe('the parts of a long text', () => {
  it.each([350_000, 349_960, 310_001])('of %i characters are equally long and leave out no row', (count) => {
    const text = cutText(
      Array.from({ length: count }, (_, at) => 2 + (at % 7)),
      64,
    );
    const numbered = { ...text, inputs: text.inputs.map((_, at) => Math.floor(at / 64)) };
    const parts = partsOf(numbered);
    expect(parts.map(({ rows }) => rows)).toEqual(Array.from({ length: 4 }, () => Math.ceil(text.rows / 4)));
    expect(new Set(parts.flatMap(({ inputs }) => [...inputs])).size).toBe(text.rows);
  });
});

describe('the trigram model', () => {
  // "a a b" and "a b": after END END comes a twice; after END a comes a once and b once; n(a) is 3, n(b) 2, n(END) 2.
  const [A, B] = [2, 3];
  const texts = [
    [A, A, B, END],
    [A, B, END],
  ];

  it('is what counting by hand gives', () => {
    const { probability } = trigram(texts, 3, 1);
    const p = (count: number, shorter: number, seen: number): number => (count + shorter) / (seen + 1);
    // One character: a 3, b 2, END 2, of 7. After a (seen three times): a once, b twice.
    const a = p(3, 1 / 3, 7);
    const b = p(2, 1 / 3, 7);
    expect(probability(END, A, B)).toBeCloseTo(p(1, p(2, b, 3), 2), 12);
    expect(probability(A, A, A)).toBeCloseTo(p(0, p(1, a, 3), 1), 12);
    // A context that was never seen leaves it to the shorter one.
    expect(probability(B, B, A)).toBeCloseTo(p(0, a, 2), 12);
    expect(probability(END, END, A)).toBeCloseTo(p(2, p(2, a, 2), 2), 12);
  });

  it('gives probabilities: what can follow adds up to 1, whatever came before', () => {
    const { probability } = trigram(texts, 3, 2.5);
    for (const [before, last] of [
      [END, END],
      [END, A],
      [A, B],
      [B, B],
      [7, 9],
    ] as const) {
      const sum = [END, A, B].reduce((total, next) => total + probability(before, last, next), 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  it('counts bits: one for each of two equally likely characters', () => {
    const coin = Array.from({ length: 4000 }, (_, index) => ((index * 7919) % 127 < 64 ? A : B));
    const model = trigram([coin], 2, 1e9);
    expect(model.bitsPerCharacter([coin])).toBeCloseTo(1, 3);
    const sure = trigram([Array.from({ length: 500 }, () => A)], 2, 1);
    expect(sure.bitsPerCharacter([[A, A, A, A]])).toBeLessThan(0.2);
  });

  it('chooses the weight on a tenth of its own texts: much where contexts are rare, little where they tell all', () => {
    const period = Array.from({ length: 40 }, () => [A, B, B, A, A, B, END]);
    const order = shuffledOrder(280, 5);
    const random = Array.from({ length: 40 }, (_, line) =>
      Array.from(order.subarray(7 * line, 7 * line + 7), (value) => 2 + (value % 5)),
    );
    expect(tunedTrigram(period, 3).weight).toBe(0.5);
    expect(tunedTrigram(random, 6).weight).toBeGreaterThan(5);
  });

  it('takes the end of a single text where there are no lines', () => {
    expect(withoutLast([[1, 2, 3, 4, 5]], 0.4)).toEqual({ rest: [[1, 2, 3]], last: [[4, 5]] });
    expect(withoutLast([[1], [2], [3], [4]], 0.25)).toEqual({ rest: [[1], [2], [3]], last: [[4]] });
  });
});

describe("a file of the user's own", () => {
  const long = 'To be, or not to be.\r\n'.repeat(200);

  it('is read with line breaks of one kind and without a byte order mark', () => {
    const text = readText('a.txt', bytes(`\uFEFF${long}`));
    expect(text).toBe('To be, or not to be.\n'.repeat(200));
  });

  it.each([
    ['nothing', new Uint8Array(0), /a\.txt: it is empty/],
    ['a few words', bytes('too short'), /it has 9 characters\. A model needs at least 2,000/],
    ['another encoding', Uint8Array.from([...bytes(long), 0xe9, 0x20]), /it is no text in UTF-8/],
    ['a program', bytes(`${long}\u0000`), /no plain text: character 4200 is the control character U\+0000/],
  ])('%s: is refused', (_, content, why) => {
    expect(() => readText('a.txt', content)).toThrow(why);
    expect(() => readText('a.txt', content)).toThrow(TextFileError);
  });
});
