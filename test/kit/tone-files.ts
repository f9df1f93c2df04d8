/** Recordings as a folder of WAV files, for tests of what reads one. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeWavFile2 } from 'wav-file-encoder';
import type { NamedFile, Recording } from '../../demo/sound/recordings.js';
import { FRAME, RATE } from '../../demo/sound/spectrogram.js';
import { randomStream } from '../../src/core/random.js';

/** 16 bits a sample; `channels` of equal length. */
export const wavBytes = (channels: readonly Float32Array[], rate = RATE): Uint8Array =>
  new Uint8Array(encodeWavFile2([...channels], rate, 0));

export function asFile(name: string, bytes: Uint8Array): NamedFile {
  return { name, arrayBuffer: async () => bytes.slice().buffer };
}

export function writeRecordings(folder: string, recordings: readonly Recording[]): void {
  for (const { name, samples } of recordings) writeFileSync(join(folder, name), wavBytes([samples]));
}

/** A sound cut into pieces, in another order: it says the same, without saying when. Pieces are too short to hold an end and a beginning. */
export function shuffledInTime(recording: Recording, seed: number): Recording {
  const { samples } = recording;
  const piece = FRAME;
  const pieces = Array.from({ length: Math.floor(samples.length / piece) }, (_, index) =>
    samples.subarray(index * piece, (index + 1) * piece),
  );
  const random = randomStream(seed, 0);
  const mixed = new Float32Array(pieces.length * piece);
  for (let at = 0; pieces.length > 0; at += piece) {
    const [next] = pieces.splice(random.below(pieces.length), 1);
    mixed.set(next as Float32Array, at);
  }
  return { ...recording, samples: mixed };
}
