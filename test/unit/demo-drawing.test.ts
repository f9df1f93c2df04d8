import { describe, expect, it } from 'vitest';
import { asPicture, type Drawing } from '../../demo/driver/drawing.js';
import { Latest } from '../../demo/ui/latest.js';
import { gridOf } from '../../demo/ui/tiles.js';

/** White from `left` to `right` and from `top` to `bottom`, ends excluded. */
function rectangle(left: number, top: number, right: number, bottom: number): Drawing {
  const [width, height] = [280, 280];
  const inside = (x: number, y: number): boolean => x >= left && x < right && y >= top && y < bottom;
  const ink = Uint8Array.from({ length: width * height }, (_, at) =>
    inside(at % width, Math.floor(at / width)) ? 255 : 0,
  );
  return { ink, width, height };
}

/** Rows and columns that have ink. */
function extent(picture: Uint8Array): { rows: number[]; columns: number[] } {
  const cells = [...picture].flatMap((ink, at) => (ink > 0 ? [at] : []));
  return {
    rows: [
      Math.min(...cells.map((at) => Math.floor(at / 28))),
      Math.max(...cells.map((at) => Math.floor(at / 28))),
    ],
    columns: [Math.min(...cells.map((at) => at % 28)), Math.max(...cells.map((at) => at % 28))],
  };
}

describe('a drawing as a picture of the data set', () => {
  it('is fitted into 20 × 20 cells around the middle, wherever and however large it was drawn', () => {
    for (const drawing of [rectangle(10, 20, 50, 220), rectangle(200, 5, 220, 105)]) {
      const picture = asPicture(drawing) as Uint8Array;
      expect(picture).toHaveLength(784);
      expect(extent(picture)).toEqual({ rows: [4, 23], columns: [12, 15] });
      expect(picture[14 * 28 + 13]).toBe(255);
    }
  });

  it('is put with its centre of mass into the middle', () => {
    const drawing = rectangle(40, 40, 80, 240);
    // A foot at the bottom draws the centre down and to the right.
    for (let y = 200; y < 240; y++) drawing.ink.fill(255, y * 280 + 40, y * 280 + 200);
    const { rows, columns } = extent(asPicture(drawing) as Uint8Array);
    expect(rows[0]).toBeLessThan(4);
    expect(columns[0]).toBeGreaterThan(7);
  });

  it('is none where nothing is drawn', () => {
    expect(asPicture(rectangle(0, 0, 0, 0))).toBeNull();
  });
});

it('lays tiles out in rows of eight, a pixel apart', () => {
  expect(gridOf([26, 26, 32])).toEqual({ columns: 8, size: [215, 107] });
  expect(gridOf([3, 3, 5])).toEqual({ columns: 5, size: [19, 3] });
});

it('does work that is asked for meanwhile once more, and goes on after a failure', async () => {
  let [begun, finish] = [0, () => {}];
  const failures: unknown[] = [];
  const latest = new Latest(
    () =>
      new Promise<void>((resolve, reject) => {
        begun++;
        finish = begun === 2 ? () => reject(new Error('second')) : resolve;
      }),
    (error) => failures.push(error),
  );
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
  for (let asked = 0; asked < 3; asked++) latest.ask();
  expect(begun).toBe(1);
  finish();
  await settled();
  expect(begun).toBe(2);
  finish();
  await settled();
  expect(failures).toEqual([new Error('second')]);
  latest.ask();
  expect(begun).toBe(3);
});
