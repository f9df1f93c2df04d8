/** Spectrograms as pictures: time goes right, pitch up, and below each stands what the model hears. */

import { shuffledOrder } from '../data/split.js';
import { type Frames, pickFrames } from '../sound/frames.js';
import { BANDS } from '../sound/spectrogram.js';
import type { Strip } from './example.js';

/** Pictures in a row, and rows. */
const ACROSS = 6;
const DOWN = 2;
/** Chooses the pictures. */
const SEED = 1;
/** Standard deviations from black to white. */
const DARK = -1;
const BRIGHT = 3;

/** Some of `frames` to show, always the same ones. */
export const framesToShow = (frames: Frames): Frames =>
  pickFrames(frames, shuffledOrder(frames.rows, SEED).subarray(0, ACROSS * DOWN));

/** A picture of each of `frames`; `logits` [rows, digits] are what the model makes of them. */
export function spectrogramStrips(
  frames: Frames,
  digits: readonly number[],
  logits: ArrayLike<number>,
): readonly Strip[] {
  const all = [...frames.labels.keys()];
  const rows = Array.from({ length: Math.ceil(frames.rows / ACROSS) }, (_, row) =>
    all.slice(row * ACROSS, (row + 1) * ACROSS),
  );
  return rows.map((row, index) => ({
    title: index === 0 ? 'spectrograms, time to the right, and the digit that is heard' : 'and more of them',
    width: frames.steps,
    height: BANDS,
    pixels: Float32Array.from(row.flatMap((at) => [...picture(frames, at)])),
    captions: row.map((at) => caption(frames.labels[at] as number, heard(logits, at, digits.length), digits)),
  }));
}

function caption(truth: number, heard: number, digits: readonly number[]): string {
  return heard === truth ? `✓ ${digits[truth]}` : `✗ ${digits[heard]}, is ${digits[truth]}`;
}

function heard(logits: ArrayLike<number>, row: number, classes: number): number {
  const own = Array.from({ length: classes }, (_, index) => logits[row * classes + index] as number);
  return own.indexOf(Math.max(...own));
}

/** [BANDS, steps], the highest band first, as a picture's rows are. */
function picture({ x, steps, lengths }: Frames, row: number): Float32Array {
  const length = lengths[row] as number;
  return Float32Array.from({ length: BANDS * steps }, (_, index) => {
    const [band, step] = [BANDS - 1 - Math.floor(index / steps), index % steps];
    if (step >= length) return 0;
    const value = x[(row * steps + step) * BANDS + band] as number;
    return Math.min(1, Math.max(0, (value - DARK) / (BRIGHT - DARK)));
  });
}
