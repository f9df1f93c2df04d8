/**
 * Recordings of spoken digits as the Free Spoken Digit Dataset keeps them: mono WAV files of 8,000 samples a second, named
 * `{digit}_{speaker}_{index}.wav`. By that set's own convention the indices 0 to 4 of each speaker are held out.
 */

import { decodeWavFile } from 'wav-file-decoder';
import { DataFileError } from '../data/packed.js';
import { FRAME, RATE } from './spectrogram.js';

export interface Recording {
  /** Of the file. */
  readonly name: string;
  readonly digit: number;
  readonly speaker: string;
  readonly index: number;
  readonly samples: Float32Array;
}

/** What is asked of a `File`. */
export interface NamedFile {
  readonly name: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface SplitRecordings {
  readonly train: readonly Recording[];
  readonly heldOut: readonly Recording[];
}

const HELD_OUT_INDICES = 5;
const FOLDER = 'the folder of recordings';
const NAMING = 'Name it {digit}_{speaker}_{index}.wav, such as 7_jackson_12.wav.';
const FORMAT = `Give mono WAV files of ${RATE} samples a second, PCM or float.`;

/** All `.wav` files of `files`, in the order of their names. Throws `DataFileError`, which names the file that is not as it should be. */
export async function readRecordings(files: readonly NamedFile[]): Promise<readonly Recording[]> {
  const sounds = files
    .filter(({ name }) => /^[^.].*\.wav$/i.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (sounds.length === 0)
    throw new DataFileError(FOLDER, `none of its ${files.length} files is a .wav file`, NAMING);
  const recordings: Recording[] = [];
  for (const file of sounds) {
    const named = recordingName(file.name);
    recordings.push({ ...named, samples: decoded(await file.arrayBuffer(), file.name) });
  }
  return recordings;
}

/** Digit, speaker and index of a file's name. Throws `DataFileError` for a name of another form. */
export function recordingName(name: string): Omit<Recording, 'samples'> {
  const [, digit, speaker, index] = /^(\d)_(.+)_(\d+)\.wav$/i.exec(name) ?? [];
  if (speaker === undefined)
    throw new DataFileError(name, 'its name says no digit, speaker and index', NAMING);
  return { name, digit: Number(digit), speaker, index: Number(index) };
}

function decoded(bytes: ArrayBuffer, name: string): Float32Array {
  let sound: ReturnType<typeof decodeWavFile>;
  try {
    sound = decodeWavFile(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFileError(
      name,
      `it is no WAV file that can be read (${reason.replace(/\.$/, '')})`,
      FORMAT,
    );
  }
  const { sampleRate, numberOfChannels, channelData } = sound;
  if (sampleRate !== RATE)
    throw new DataFileError(name, `it has ${sampleRate} samples a second instead of ${RATE}`, FORMAT);
  if (numberOfChannels !== 1)
    throw new DataFileError(name, `it has ${numberOfChannels} channels instead of one`, FORMAT);
  const samples = channelData[0] as Float32Array;
  if (samples.length >= FRAME) return samples;
  throw new DataFileError(
    name,
    `it has ${samples.length} samples, less than a frame of ${FRAME}`,
    'Leave it out, or record it again.',
  );
}

/** Throws `DataFileError` where a side would be empty, or where there is only one digit. */
export function splitRecordings(recordings: readonly Recording[]): SplitRecordings {
  const heldOut = recordings.filter(({ index }) => index < HELD_OUT_INDICES);
  const train = recordings.filter(({ index }) => index >= HELD_OUT_INDICES);
  const side = (wanted: string, fix: string): DataFileError =>
    new DataFileError(FOLDER, `none of its ${recordings.length} recordings ${wanted}`, fix);
  if (heldOut.length === 0)
    throw side('has an index from 0 to 4, and those are held out', 'Add some: 7_jackson_0.wav.');
  if (train.length === 0)
    throw side('has an index of 5 or more, to learn from', 'Add some: 7_jackson_5.wav.');
  const digits = new Set(train.map(({ digit }) => digit));
  const unknown = heldOut.find(({ digit }) => !digits.has(digit));
  if (unknown)
    throw new DataFileError(unknown.name, `no recording to learn from says ${unknown.digit}`, 'Add some.');
  if (digits.size > 1) return { train, heldOut };
  throw new DataFileError(FOLDER, `all its recordings say ${[...digits][0]}`, 'Give at least two digits.');
}
