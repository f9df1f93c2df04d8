/** Recordings as a network takes them: spectrograms of one length, padded, with their own lengths beside. */

import type { RandomStream } from '../../src/core/random.js';
import type { Recording } from './recordings.js';
import { BANDS, framesOf, spectrogram } from './spectrogram.js';

/** What is longer than this, about a second, is cut off. */
export const MOST_FRAMES = 64;

export interface Frames {
  readonly rows: number;
  readonly steps: number;
  /** [rows, steps, BANDS]; 0 behind the end of a recording. */
  readonly x: Float32Array<ArrayBuffer>;
  /** [rows]: frames that count. */
  readonly lengths: Int32Array<ArrayBuffer>;
  /** [rows]: the place of the digit among `digits`. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The digits that are said, rising. */
export const digitsOf = (recordings: readonly Recording[]): readonly number[] =>
  [...new Set(recordings.map(({ digit }) => digit))].sort((a, b) => a - b);

/** Frames of the longest of `recordings`, as far as it counts. */
export const longest = (recordings: readonly Recording[]): number =>
  recordings.reduce(
    (most, { samples }) => Math.max(most, Math.min(MOST_FRAMES, framesOf(samples.length))),
    0,
  );

/** Frames of `recordings`, padded to `steps`, which is as many as the longest has. */
export function paddedFrames(
  recordings: readonly Recording[],
  digits: readonly number[],
  steps: number,
): Frames {
  const all = recordings.map(({ samples }) => spectrogram(samples, MOST_FRAMES));
  const lengths = Int32Array.from(all, ({ length }) => length / BANDS);
  const x = new Float32Array(all.length * steps * BANDS);
  for (const [row, frames] of all.entries()) x.set(frames, row * steps * BANDS);
  const labels = Int32Array.from(recordings, ({ digit }) => digits.indexOf(digit));
  return { rows: all.length, steps, x, lengths, labels };
}

/** Some rows of `frames`, copied. */
export function pickFrames(frames: Frames, rows: Uint32Array): Frames {
  const size = frames.steps * BANDS;
  const x = new Float32Array(rows.length * size);
  for (const [to, from] of rows.entries())
    x.set(frames.x.subarray(from * size, (from + 1) * size), to * size);
  const pick = (values: Int32Array): Int32Array<ArrayBuffer> =>
    Int32Array.from(rows, (row) => values[row] as number);
  return { ...frames, rows: rows.length, x, lengths: pick(frames.lengths), labels: pick(frames.labels) };
}

/** The same frames in another order, recording by recording: what is left is what the frames say without their order. */
export function shuffledFrames(frames: Frames, random: RandomStream): Frames {
  const x = frames.x.slice();
  for (const [row, length] of frames.lengths.entries()) {
    const base = row * frames.steps * BANDS;
    for (let last = length - 1; last > 0; last--) {
      const other = base + random.below(last + 1) * BANDS;
      const at = base + last * BANDS;
      const kept = x.slice(at, at + BANDS);
      x.copyWithin(at, other, other + BANDS);
      x.set(kept, other);
    }
  }
  return { ...frames, x };
}
