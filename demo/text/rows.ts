/** Texts as rows of equal length, as a network takes them: at each place the input is one character, the target the next. */

import { shuffledOrder } from '../data/split.js';
import { END, PAD } from './vocabulary.js';

export interface Rows {
  readonly rows: number;
  /** Places in each row. */
  readonly length: number;
  /** [rows, length]; `PAD` behind the end of a row's text, in the targets too. */
  readonly inputs: Int32Array<ArrayBuffer>;
  readonly targets: Int32Array<ArrayBuffer>;
  /** Targets that are no padding. */
  readonly characters: number;
}

/**
 * Whole lines packed into rows, several to a row: each line goes, longest first, into the first row with room for it, so that hardly a
 * hundredth is padding. `END` stands before each line and behind it. Within a row lines come in an order that `seed` decides.
 * Throws `RangeError` for a line that does not fit a row.
 */
export function packLines(lines: readonly (readonly number[])[], length: number, seed: number): Rows {
  const packed: { room: number; readonly lines: (readonly number[])[] }[] = [];
  for (const line of [...lines].sort((a, b) => b.length - a.length)) {
    const needs = line.length + 1;
    if (needs > length)
      throw new RangeError(`a line of ${line.length} characters does not fit a row of ${length}`);
    let row = packed.find(({ room }) => room >= needs);
    if (!row) {
      row = { room: length, lines: [] };
      packed.push(row);
    }
    row.room -= needs;
    row.lines.push(line);
  }
  return rowsOf(
    packed.map(({ lines: within }, index) => {
      const order = shuffledOrder(within.length, (seed + index) >>> 0);
      return [END, ...Array.from(order, (at) => within[at] ?? []).flatMap((line) => [...line, END])];
    }),
    length,
  );
}

/** A text cut into rows wherever they end; `END` stands before it. */
export function cutText(text: readonly number[], length: number): Rows {
  const pieces: number[][] = [];
  for (let from = 0; from < text.length; from += length) {
    const before = from === 0 ? END : (text[from - 1] ?? END);
    pieces.push([before, ...text.slice(from, from + length)]);
  }
  return rowsOf(pieces, length);
}

/** Rows `from` to `to` of `all`, without copying. */
export function someRows(all: Rows, from: number, to: number): Rows {
  const { length } = all;
  const targets = all.targets.subarray(from * length, to * length);
  return {
    rows: to - from,
    length,
    inputs: all.inputs.subarray(from * length, to * length),
    targets,
    characters: counted(targets),
  };
}

/** The rows of `all` in the order of `order`. */
export function reordered(all: Rows, order: Uint32Array): Rows {
  const { length } = all;
  const move = (from: Int32Array): Int32Array<ArrayBuffer> => {
    const to = new Int32Array(order.length * length);
    order.forEach((row, index) => {
      to.set(from.subarray(row * length, (row + 1) * length), index * length);
    });
    return to;
  };
  const targets = move(all.targets);
  return { rows: order.length, length, inputs: move(all.inputs), targets, characters: counted(targets) };
}

/** Each of `texts` gives its characters but the last as inputs, and but the first as targets. */
function rowsOf(texts: readonly (readonly number[])[], length: number): Rows {
  const inputs = new Int32Array(texts.length * length);
  const targets = new Int32Array(texts.length * length);
  texts.forEach((text, row) => {
    inputs.set(text.slice(0, -1), row * length);
    targets.set(text.slice(1), row * length);
  });
  return { rows: texts.length, length, inputs, targets, characters: counted(targets) };
}

const counted = (targets: Int32Array): number => targets.reduce((sum, id) => sum + (id === PAD ? 0 : 1), 0);
