/**
 * What the ear might pass on of a sound: how strong each band of frequencies is, some sixty times a second. Bands are as broad as hearing
 * is coarse (the mel scale), and strengths are logarithms.
 */

import magnitudes from 'fourier-transform';

/** Samples a second. */
export const RATE = 8000;
/** Samples of a frame, 32 ms; a power of two, for the Fourier transform. */
export const FRAME = 256;
/** Samples from one frame to the next, 16 ms. */
export const HOP = 128;
export const BANDS = 32;
/** A band weaker than this share of the strongest of all is silence: 60 dB. */
const FLOOR = 1e-6;

const mel = (hertz: number): number => 1127 * Math.log1p(hertz / 700);
const hertz = (mel: number): number => 700 * Math.expm1(mel / 1127);

/** Where bands begin, culminate and end, in hertz: band b culminates at b + 1. Below 60 Hz there is hum, no speech. */
export const BAND_EDGES: readonly number[] = Array.from({ length: BANDS + 2 }, (_, edge) =>
  hertz(mel(60) + ((mel(RATE / 2) - mel(60)) * edge) / (BANDS + 1)),
);

/** For each band, from its first frequency on, how much of each it takes: a triangle. */
const TRIANGLES = Array.from({ length: BANDS }, (_, band) => {
  const [begin, top, end] = BAND_EDGES.slice(band, band + 3) as [number, number, number];
  const step = RATE / FRAME;
  const first = Math.ceil(begin / step);
  const weights = Array.from({ length: Math.ceil(end / step) - first }, (_, index) => {
    const at = (first + index) * step;
    return Math.min((at - begin) / (top - begin), (end - at) / (end - top));
  });
  return { first, weights };
});

/** The Hann window, which fades a frame in and out. */
const WINDOW = Float64Array.from(
  { length: FRAME },
  (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (index + 0.5)) / FRAME),
);

/** Frames of a sound of so many samples. */
export const framesOf = (samples: number): number => Math.max(0, 1 + Math.floor((samples - FRAME) / HOP));

/**
 * [frames, BANDS], with a mean of 0 and a variance of 1 over the whole sound: its loudness does not matter. Of a sound of more than
 * `mostFrames` the rest is left out.
 */
export function spectrogram(
  samples: Float32Array,
  mostFrames = Number.POSITIVE_INFINITY,
): Float32Array<ArrayBuffer> {
  const frames = Math.min(framesOf(samples.length), mostFrames);
  const powers = new Float64Array(frames * BANDS);
  const frame = new Float64Array(FRAME);
  for (let index = 0; index < frames; index++) {
    for (let at = 0; at < FRAME; at++) frame[at] = (samples[index * HOP + at] ?? 0) * (WINDOW[at] as number);
    const spectrum = magnitudes(frame);
    for (const [band, { first, weights }] of TRIANGLES.entries()) {
      let power = 0;
      for (const [at, weight] of weights.entries()) power += weight * (spectrum[first + at] ?? 0) ** 2;
      powers[index * BANDS + band] = power;
    }
  }
  return standardised(logarithms(powers));
}

function logarithms(powers: Float64Array): Float64Array {
  const floor = FLOOR * powers.reduce((most, power) => Math.max(most, power), 0);
  // Where all is silent, so is its logarithm.
  return floor === 0 ? powers : powers.map((power) => Math.log(power + floor));
}

function standardised(values: Float64Array): Float32Array<ArrayBuffer> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  return Float32Array.from(values, (value) => (value - mean) * scale);
}
