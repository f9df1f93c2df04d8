import { describe, expect, it } from 'vitest';
import {
  digitsOf,
  longest,
  MOST_FRAMES,
  paddedFrames,
  pickFrames,
  shuffledFrames,
} from '../../demo/sound/frames.js';
import {
  type Recording,
  readRecordings,
  recordingName,
  splitRecordings,
} from '../../demo/sound/recordings.js';
import { BAND_EDGES, BANDS, FRAME, framesOf, HOP, RATE, spectrogram } from '../../demo/sound/spectrogram.js';
import { ORDERS, toneRecordings } from '../../demo/sound/tones.js';
import { randomStream } from '../../src/core/random.js';
import { asFile, wavBytes } from '../kit/tone-files.js';

const sine = (hertz: number, samples = 4000): Float32Array =>
  Float32Array.from({ length: samples }, (_, at) => 0.3 * Math.sin((2 * Math.PI * hertz * at) / RATE));

const recording = (name: string, samples = sine(440)): Recording => ({ ...recordingName(name), samples });

describe('the spectrogram', () => {
  it.each([150, 440, 1000, 2500, 3600])(
    'of a sine of %d Hz is strongest in the band that has it',
    (hertz) => {
      const frames = spectrogram(sine(hertz));
      expect(frames.length).toBe(framesOf(4000) * BANDS);
      for (let at = 0; at < frames.length; at += BANDS) {
        const bands = [...frames.subarray(at, at + BANDS)];
        const band = bands.indexOf(Math.max(...bands));
        expect(BAND_EDGES[band]).toBeLessThan(hertz);
        expect(BAND_EDGES[band + 2]).toBeGreaterThan(hertz);
      }
    },
  );

  it('has a mean of 0 and a variance of 1, however loud the sound', () => {
    const quiet = spectrogram(sine(440).map((sample) => sample / 50));
    const loud = spectrogram(sine(440));
    const mean = loud.reduce((sum, value) => sum + value, 0) / loud.length;
    const variance = loud.reduce((sum, value) => sum + (value - mean) ** 2, 0) / loud.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(variance).toBeCloseTo(1, 5);
    for (const [index, value] of quiet.entries()) expect(value).toBeCloseTo(loud[index] as number, 4);
  });

  it('of silence is 0 everywhere', () => {
    expect(spectrogram(new Float32Array(1000)).every((value) => value === 0)).toBe(true);
  });

  it('has a frame every 16 ms while a whole one is left', () => {
    expect([FRAME - 1, FRAME, FRAME + HOP - 1, FRAME + HOP].map(framesOf)).toEqual([0, 1, 1, 2]);
    expect(spectrogram(sine(440, 20_000), 5)).toHaveLength(5 * BANDS);
  });

  it('leaves no band without a frequency', () => {
    for (let band = 0; band < BANDS; band++) {
      const top = BAND_EDGES[band + 1] as number;
      const bands = [...spectrogram(sine(top)).subarray(0, BANDS)];
      expect(Math.abs(bands.indexOf(Math.max(...bands)) - band)).toBeLessThanOrEqual(1);
    }
  });
});

describe('a folder of recordings', () => {
  const good = wavBytes([sine(440)]);
  const files = (...names: string[]) => names.map((name) => asFile(name, good));

  it('gives digit, speaker, index and samples of each WAV file, by name', async () => {
    const found = await readRecordings([
      asFile('README.md', good),
      ...files('7_jackson_12.wav', '0_a_b_0.WAV'),
    ]);
    expect(found.map(({ digit, speaker, index }) => [digit, speaker, index])).toEqual([
      [0, 'a_b', 0],
      [7, 'jackson', 12],
    ]);
    expect(found[1]?.samples).toHaveLength(4000);
    for (const [at, sample] of sine(440).entries()) expect(found[1]?.samples[at]).toBeCloseTo(sample, 3);
  });

  it.each([
    ['seven_jackson_1.wav', good, /seven_jackson_1\.wav: its name says no digit.*7_jackson_12\.wav/],
    ['12_jackson_1.wav', good, /12_jackson_1\.wav: its name/],
    [
      '7_jackson_1.wav',
      Uint8Array.of(1, 2, 3),
      /7_jackson_1\.wav: it is no WAV file.*too short\)\. Give mono WAV/,
    ],
    ['7_jackson_1.wav', good.subarray(0, 1000), /7_jackson_1\.wav: it is no WAV file.*length/],
    ['7_jackson_1.wav', new TextEncoder().encode('ID3 this is some other music'), /no RIFF header/],
    [
      '7_jackson_1.wav',
      wavBytes([sine(440)], 44_100),
      /7_jackson_1\.wav: it has 44100 samples a second instead of 8000/,
    ],
    [
      '7_jackson_1.wav',
      wavBytes([sine(440), sine(440)]),
      /7_jackson_1\.wav: it has 2 channels instead of one/,
    ],
    [
      '7_jackson_1.wav',
      wavBytes([sine(440, 100)]),
      /7_jackson_1\.wav: it has 100 samples, less than a frame of 256/,
    ],
  ] as const)('names %s where it is not as it should be', async (name, bytes, message) => {
    const files = [asFile('0_a_0.wav', good), asFile(name, bytes)];
    await expect(readRecordings(files)).rejects.toThrow(message);
  });

  it('refuses one without any, and says how many other files there are', async () => {
    const others = [asFile('a.mp3', good), asFile('._1_a_1.wav', good)];
    await expect(readRecordings(others)).rejects.toThrow(
      /the folder of recordings: none of its 2 files is a \.wav file.*\{digit\}_\{speaker\}_\{index\}\.wav/,
    );
    await expect(readRecordings([])).rejects.toThrow(/none of its 0 files/);
  });

  it('holds the indices 0 to 4 out', () => {
    const all = ['1_a_0.wav', '1_a_4.wav', '2_a_5.wav', '1_a_5.wav', '2_b_3.wav'].map((name) =>
      recording(name),
    );
    const { train, heldOut } = splitRecordings(all);
    expect(train.map(({ name }) => name)).toEqual(['2_a_5.wav', '1_a_5.wav']);
    expect(heldOut.map(({ name }) => name)).toEqual(['1_a_0.wav', '1_a_4.wav', '2_b_3.wav']);
  });

  it.each([
    [['1_a_5.wav', '2_a_6.wav'], /none of its 2 recordings has an index from 0 to 4.*held out/],
    [['1_a_0.wav', '2_a_1.wav'], /none of its 2 recordings has an index of 5 or more/],
    [['1_a_0.wav', '1_a_5.wav'], /all its recordings say 1/],
    [['3_a_0.wav', '1_a_5.wav', '2_a_5.wav'], /3_a_0\.wav: no recording to learn from says 3/],
  ])('refuses %j', (names, message) => {
    expect(() => splitRecordings(names.map((name) => recording(name)))).toThrow(message);
  });
});

describe('frames for a network', () => {
  const recordings = ['4_a_0.wav', '9_a_0.wav', '4_a_1.wav'].map((name, index) =>
    recording(name, sine(440, 1000 + 500 * index)),
  );

  it('are padded with 0 behind their own length', () => {
    const digits = digitsOf(recordings);
    expect(digits).toEqual([4, 9]);
    expect(longest(recordings)).toBe(framesOf(2000));
    const { x, lengths, labels, steps } = paddedFrames(recordings, digits, longest(recordings));
    expect([...labels]).toEqual([0, 1, 0]);
    expect([...lengths]).toEqual([1000, 1500, 2000].map(framesOf));
    for (const [row, length] of lengths.entries()) {
      const own = x.subarray(row * steps * BANDS, (row + 1) * steps * BANDS);
      expect(own.subarray(0, length * BANDS)).toEqual(spectrogram(recordings[row]?.samples as Float32Array));
      expect(own.subarray(length * BANDS).every((value) => value === 0)).toBe(true);
    }
  });

  it('end after about a second', () => {
    expect(longest([recording('1_a_1.wav', sine(440, 30_000))])).toBe(MOST_FRAMES);
  });

  it('are picked row by row', () => {
    const frames = paddedFrames(recordings, [4, 9], longest(recordings));
    const picked = pickFrames(frames, Uint32Array.of(2, 1));
    expect(picked).toEqual(
      paddedFrames(
        [2, 1].map((row) => recordings[row] as Recording),
        [4, 9],
        frames.steps,
      ),
    );
  });

  it('shuffled are the same frames within their length, in another order', () => {
    const frames = paddedFrames(recordings, [4, 9], longest(recordings));
    const mixed = shuffledFrames(frames, randomStream(1, 0));
    expect(mixed.x).not.toEqual(frames.x);
    const rowsOf = ({ x }: typeof frames, row: number): string[] =>
      Array.from({ length: frames.steps }, (_, step) => {
        const at = (row * frames.steps + step) * BANDS;
        return x.subarray(at, at + BANDS).join();
      });
    for (const [row, length] of frames.lengths.entries()) {
      const [before, after] = [rowsOf(frames, row), rowsOf(mixed, row)];
      expect(after.slice(0, length).sort()).toEqual(before.slice(0, length).sort());
      expect(after.slice(length)).toEqual(before.slice(length));
    }
  });
});

describe('tones in six orders', () => {
  const all = toneRecordings({ each: 3, seed: 7 });

  it('are as many as asked for, named as recordings of digits are, and the same for the same seed', () => {
    expect(all).toHaveLength(6 * 4 * 3);
    for (const { name, digit, speaker, index } of all)
      expect(recordingName(name)).toEqual({ name, digit, speaker, index });
    expect(toneRecordings({ each: 3, seed: 7 })).toEqual(all);
    expect(toneRecordings({ each: 3, seed: 8 })[0]?.samples).not.toEqual(all[0]?.samples);
  });

  it('rise and fall in the order that the digit stands for', () => {
    for (const { digit, samples } of all) {
      const frames = spectrogram(samples);
      const heard: number[] = [];
      let silent = true;
      for (let at = 0; at < frames.length; at += BANDS) {
        const bands = [...frames.subarray(at, at + BANDS)];
        const most = Math.max(...bands);
        if (most > 2) {
          if (silent) heard.push(0);
          heard[heard.length - 1] = bands.indexOf(most);
          silent = false;
        } else silent ||= most < 1.2;
      }
      expect(heard).toHaveLength(3);
      const rising = [...heard].sort((a, b) => a - b);
      expect(heard.map((band) => rising.indexOf(band))).toEqual(ORDERS[digit]);
    }
  });
});
