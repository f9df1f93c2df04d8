// The examples on sequences on the CPU reference, in Node: small, but whole, from the data to what they say at the end.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeTable } from '../../demo/data/packed-table.js';
import { compareOnAdding } from '../../demo/examples/adding.js';
import { co2 } from '../../demo/examples/co2.js';
import { learnTones, spokenDigits } from '../../demo/examples/spoken-digits.js';
import { toneRecordings } from '../../demo/sound/tones.js';
import { init, shutdown } from '../../src/index.js';
import { readCo2 } from '../../tools/data/co2.js';
import { findPackage } from '../../tools/data/sources.js';
import { exampleContext, type Heard } from '../kit/example-context.js';
import { asFile, wavBytes } from '../kit/tone-files.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});
afterAll(shutdown);

let heard: Heard | null = null;
afterEach(() => {
  heard?.dispose();
  heard = null;
  vi.unstubAllGlobals();
});

describe('co2', () => {
  it('is better than the seasonal-naive forecast from the first epoch on, and draws both over the truth', async () => {
    const table = readCo2(findPackage('vega-datasets').folder);
    const body = encodeTable({ name: 'co2', source: 'a test', ...table });
    vi.stubGlobal('fetch', async () => new Response(body));
    heard = exampleContext({ epochs: 1, batchSize: 128 });
    const { loss, details, passed } = await co2(heard.context);
    expect(passed).toBe(true);
    expect(loss).toBeLessThan(0.8);
    expect(details[0]).toMatch(
      /^mean absolute error 0\.\d+ ppm on held-out 2010-05 to 2020-04, forecast twelve/,
    );
    expect(details[1]).toContain('2.413 ppm');
    expect(details[2]).toContain('0.805 ppm');
    expect(heard.steps.get('loss')).toHaveLength(Math.ceil(567 / 128));
    const plot = await heard.shown[0]?.plot?.();
    expect(plot?.lines.map(({ name, kind, x }) => [name, kind, x.length])).toEqual([
      ['measured', 'truth', 168],
      ['LSTM', 'model', 120],
      ['as last year', 'baseline', 120],
    ]);
    const [measured, ours] = plot?.lines ?? [];
    expect(ours?.x[0]).toBe(measured?.x[48]);
    for (const [index, value] of (ours?.y ?? []).entries())
      expect(Math.abs(value - (measured?.y[48 + index] ?? 0))).toBeLessThan(5);
  });
});

describe('adding', () => {
  it('trains both kinds on the same sequences for as many steps, and shows what they say', async () => {
    heard = exampleContext({ epochs: 2, batchSize: 16 });
    const sizes = { steps: 12, units: 8, train: 64, test: 40 };
    const { details } = await compareOnAdding(heard.context, sizes);
    expect([...heard.steps].map(([series, steps]) => [series, steps.length])).toEqual([
      ['simple RNN', 8],
      ['LSTM', 8],
    ]);
    expect(details).toEqual([
      expect.stringMatching(/^simple RNN: mean squared error \d\.\d{4} on 40 sequences$/),
      expect.stringMatching(/^LSTM: mean squared error \d\.\d{4} on 40 sequences$/),
      'saying 1 to everything: 0.1667; the LSTM is to come below a tenth of it, 0.0167',
    ]);
    const plot = await heard.shown[1]?.plot?.();
    expect(plot?.lines.map(({ name }) => name)).toEqual(['the sum', 'simple RNN', 'LSTM']);
    for (const { x } of plot?.lines ?? []) expect(x).toEqual([...x].sort((a, b) => a - b));
    // Slow forgetting: what the LSTM starts with, less 8 steps of Adam at 0.01 each.
    const bias = (await heard.shown[1]?.model.getWeights())?.[2];
    const gate = (at: number): number[] => [...(bias?.data.subarray(8 * at, 8 * at + 8) ?? [])];
    for (const unit of Array(8).keys()) {
      expect(gate(1)[unit]).toBeGreaterThan(-0.2);
      expect(gate(1)[unit]).toBeLessThan(Math.log(12) + 0.2);
      expect(Math.abs((gate(0)[unit] ?? 0) + (gate(1)[unit] ?? 0))).toBeLessThan(0.4);
    }
  });
});

describe('spoken-digits', () => {
  /** Rising and falling: the first and the last of the six orders. */
  const upAndDown = toneRecordings({ each: 9, seed: 1 }).filter(({ digit }) => digit === 0 || digit === 5);
  /** The first number of a line. */
  const numberIn = (line: string | undefined): number => Number(/\d\.\d+/.exec(line ?? '')?.[0]);

  it('tells rising tones from falling ones, and cannot once their frames are in random order', async () => {
    heard = exampleContext({ epochs: 3, batchSize: 8 });
    const { details, passed, measuredOn } = await learnTones(heard.context, upAndDown);
    expect(measuredOn).toBe('40 held-out recordings');
    expect(numberIn(details[1])).toBeGreaterThanOrEqual(0.9);
    expect(numberIn(details[2])).toBeLessThanOrEqual(0.7);
    expect(details[2]).toContain('guessing: 0.5000');
    expect(passed).toBe(true);
    expect([...heard.steps].map(([series, steps]) => [series, steps.length])).toEqual([
      ['frames in random order', 12],
      ['frames in order', 12],
    ]);
  });

  it('takes the files of a folder, holds out what its names say, and shows what it hears', async () => {
    const files = upAndDown.map(({ name, samples }) => asFile(name, wavBytes([samples])));
    heard = exampleContext({ epochs: 1, batchSize: 16, files: files as unknown as File[] });
    const { details, measuredOn } = await spokenDigits(heard.context);
    expect(heard.stages[0]).toBe('reading 72 files');
    expect(measuredOn).toBe('40 held-out recordings');
    expect(details[1]).toBe('32 recordings to learn from, digits 0 5; indices 0 to 4 are held out');
    const strips = await heard.shown[0]?.strips?.();
    expect(strips?.map(({ captions }) => captions?.length)).toEqual([6, 6]);
    for (const { width, height, pixels, captions } of strips ?? []) {
      expect(pixels).toHaveLength(6 * width * height);
      expect(pixels.every((ink) => ink >= 0 && ink <= 1)).toBe(true);
      for (const caption of captions ?? []) expect(caption).toMatch(/^✓ [05]$|^✗ ([05]), is (?!\1)[05]$/);
    }
  });

  it('names a file that is not as it should be, before anything is trained', async () => {
    const bad = asFile('3_a_1.wav', new TextEncoder().encode('this is not a sound, whatever its name'));
    heard = exampleContext({ files: [bad] as unknown as File[] });
    await expect(spokenDigits(heard.context)).rejects.toThrow(/^3_a_1\.wav: it is no WAV file/);
    expect(heard.shown).toEqual([]);
  });
});
