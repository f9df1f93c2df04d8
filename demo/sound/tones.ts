/**
 * Sounds that differ in nothing but their order: three tones, low, middle and high, with a pause between them, in each of the six
 * orders there are. Pitch, lengths and loudness are drawn anew for each sound. No frame of the spectrogram reaches from one tone into
 * the next, so that whoever sees the frames without their order can but guess.
 */

import { type RandomStream, randomStream } from '../../src/core/random.js';
import type { Recording } from './recordings.js';
import { FRAME, RATE } from './spectrogram.js';

/** The order of tones 0 (low), 1 and 2 (high) that a "digit" is. */
export const ORDERS: readonly (readonly [number, number, number])[] = Object.freeze([
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]);

/** The lowest pitch of each "speaker", in hertz, before a sound's own tenth up or down. */
const SPEAKERS = Object.freeze({ bass: 300, tenor: 360, alto: 430, treble: 520 });
/** From tone to tone. */
const INTERVAL = 1.5;
const NOISE = 0.01;

export interface ToneOptions {
  /** Sounds of each order by each of the four speakers; the first five are held out. */
  readonly each: number;
  readonly seed: number;
}

/** Recordings named as those of spoken digits are: the "digit" is the place of the order in `ORDERS`. */
export function toneRecordings({ each, seed }: ToneOptions): readonly Recording[] {
  return Object.entries(SPEAKERS).flatMap(([speaker, pitch], voice) =>
    ORDERS.flatMap((order, digit) => {
      const random = randomStream(seed, voice * ORDERS.length + digit);
      return Array.from({ length: each }, (_, index) => ({
        name: `${digit}_${speaker}_${index}.wav`,
        digit,
        speaker,
        index,
        samples: tones(order, pitch, random),
      }));
    }),
  );
}

function tones(order: readonly number[], pitch: number, random: RandomStream): Float32Array {
  const lowest = pitch * (0.9 + 0.2 * random.uniform());
  const samples: number[] = [];
  const pause = (least: number): void => {
    for (let left = least + random.below(FRAME); left > 0; left--) samples.push(0);
  };
  pause(0);
  for (const [place, tone] of order.entries()) {
    if (place > 0) pause(FRAME);
    samples.push(...sineOf(lowest * INTERVAL ** tone, random));
  }
  pause(FRAME);
  return Float32Array.from(samples, (sample) => sample + NOISE * (random.uniform() - 0.5));
}

/** 60 to 120 ms of a sine that fades in and out. */
function sineOf(frequency: number, random: RandomStream): number[] {
  const length = Math.round(RATE * (0.06 + 0.06 * random.uniform()));
  const loudness = 0.2 + 0.3 * random.uniform();
  const phase = 2 * Math.PI * random.uniform();
  return Array.from({ length }, (_, at) => {
    const fade = Math.sin((Math.PI * (at + 0.5)) / length);
    return loudness * fade * Math.sin(phase + (2 * Math.PI * frequency * at) / RATE);
  });
}
