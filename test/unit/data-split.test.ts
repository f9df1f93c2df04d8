/** Seeded orders and stratified splits. */

import { describe, expect, it } from 'vitest';
import { shuffledOrder, stratifiedSplit } from '../../demo/data/split.js';

const sizes = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978];
const labels = Uint8Array.from(sizes.flatMap((size, label) => Array.from({ length: size }, () => label)));

function countsOf(rows: Uint32Array): number[] {
  const counts = sizes.map(() => 0);
  for (const row of rows) {
    const label = labels[row] as number;
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}

const ascending = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b);
const everyRow = Array.from(labels, (_, row) => row);

describe('shuffledOrder', () => {
  it('is a permutation that the seed alone decides', () => {
    const order = shuffledOrder(10_000, 5);
    expect(ascending(order)).toEqual(everyRow);
    expect(shuffledOrder(10_000, 5)).toEqual(order);
    expect(shuffledOrder(10_000, 6)).not.toEqual(order);
    expect(shuffledOrder(8, 42)).toMatchInlineSnapshot(`
      Uint32Array [
        2,
        4,
        7,
        5,
        3,
        6,
        0,
        1,
      ]
    `);
  });

  it('brings every row to every place about equally often', () => {
    const seen = Array.from({ length: 25 }, () => 0);
    for (let seed = 0; seed < 5000; seed++) {
      shuffledOrder(5, seed).forEach((row, place) => {
        seen[row * 5 + place] = (seen[row * 5 + place] as number) + 1;
      });
    }
    const expected = 1000;
    const chiSquare = seen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 16 degrees of freedom: above 39.3 once in a thousand, and the seeds are fixed.
    expect(chiSquare).toBeLessThan(39.3);
  });
});

describe('stratifiedSplit', () => {
  it.each([0.3, 0.1, 0.5, 0.777])(
    'gives every class the share %s within one row, and the total exactly',
    (fraction) => {
      const { train, validation } = stratifiedSplit(labels, fraction, 1);
      expect(ascending([...train, ...validation])).toEqual(everyRow);
      expect(validation.length).toBe(Math.round(labels.length * fraction));
      countsOf(validation).forEach((count, label) => {
        expect(Math.abs(count - (sizes[label] as number) * fraction)).toBeLessThan(1);
      });
    },
  );

  it('is decided by the seed', () => {
    const split = stratifiedSplit(labels, 0.3, 7);
    expect(stratifiedSplit(labels, 0.3, 7)).toEqual(split);
    expect(stratifiedSplit(labels, 0.3, 8).validation).not.toEqual(split.validation);
  });

  it('mixes the classes on both sides, though the labels came grouped', () => {
    const { train, validation } = stratifiedSplit(labels, 0.3, 3);
    for (const side of [train, validation]) {
      const half = countsOf(side.subarray(0, side.length >> 1));
      const whole = countsOf(side);
      half.forEach((count, label) => {
        expect(count / (whole[label] as number)).toBeGreaterThan(0.4);
        expect(count / (whole[label] as number)).toBeLessThan(0.6);
      });
    }
  });

  it('takes a class of one row, and refuses what makes no split', () => {
    const { train, validation } = stratifiedSplit([4, 9, 9, 9], 0.5, 0);
    expect(ascending([...train, ...validation])).toEqual([0, 1, 2, 3]);
    expect(validation.length).toBe(2);
    for (const fraction of [0, 1, -1, Number.NaN])
      expect(() => stratifiedSplit(labels, fraction, 0)).toThrow(RangeError);
    expect(() => stratifiedSplit([], 0.5, 0)).toThrow(/at least one row/);
  });
});
