/** The examples on texts, run whole on the CPU device: few texts, few epochs, everything that they hand to the page and the command. */

import { init } from 'heddle';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeTable } from '../../demo/data/packed-table.js';
import type { Curves, TestReport, WriteRequest, Written } from '../../demo/driver/events.js';
import { readReport } from '../../demo/driver/reading.js';
import { softmax } from '../../demo/driver/softmax.js';
import { bitsPerCharacter, characterModel } from '../../demo/examples/characters.js';
import type { ExampleContext, ExampleResult, Shown } from '../../demo/examples/example.js';
import { genres, majorityAccuracy } from '../../demo/examples/genres.js';
import { settlingRate } from '../../demo/examples/settling.js';
import { titles } from '../../demo/examples/titles.js';
import { packLines } from '../../demo/text/rows.js';
import { PAD } from '../../demo/text/vocabulary.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});
afterEach(() => vi.unstubAllGlobals());

interface Ran {
  readonly result: ExampleResult;
  readonly shown: Shown;
  readonly epochs: readonly Readonly<Record<string, number>>[];
  readonly curves: readonly Curves[];
  readonly written: readonly { readonly request: WriteRequest; readonly texts: readonly Written[] }[];
  readonly steps: number;
}

/** Runs an example as the page would, on the films of `table`. */
async function ran(
  example: (context: ExampleContext) => Promise<ExampleResult>,
  options: Partial<ExampleContext>,
  look: (shown: Shown) => Promise<void> = async () => {},
): Promise<Ran> {
  let shown: Shown | null = null;
  let steps = 0;
  const epochs: Ran['epochs'][number][] = [];
  const curves: Ran['curves'][number][] = [];
  const written: Ran['written'][number][] = [];
  const result = await example({
    epochs: 1,
    batchSize: 8,
    seed: 3,
    dataUrl: 'http://demo',
    files: [],
    signal: new AbortController().signal,
    onCompile: () => {},
    stage: () => {},
    show: (one) => {
      shown = one;
    },
    async follow(run) {
      for await (const { loss } of run) {
        expect(loss).toBeGreaterThan(0);
        steps++;
      }
      return run;
    },
    epochEnd(_, logs, more = {}) {
      epochs.push(logs);
      curves.push(more);
    },
    wrote: (request, texts) => written.push({ request, texts }),
    ...options,
  });
  if (!shown) throw new Error('nothing was shown');
  const { model, writer } = shown as Shown;
  await look(shown);
  writer?.dispose();
  model.dispose();
  return { result, shown, epochs, curves, written, steps };
}

const NAMES = [
  'red moon',
  'the red sun',
  'blue moon',
  'the moon',
  'the sun of may',
  'may moon',
  'red may',
  'sun',
];

/** Films `0 red moon`, `1 red moon` …: enough for a tenth to be held out. */
function serveFilms(count: number): void {
  const title = Array.from({ length: count }, (_, index) => `${NAMES[index % NAMES.length]} ${index}`);
  const genre = title.map((name) => (name.includes('moon') ? 'Horror' : 'Romantic Comedy'));
  const text = encodeTable({ name: 'films', source: 'a test', rows: count, columns: { title, genre } });
  vi.stubGlobal('fetch', async () => new Response(text));
}

describe('titles', () => {
  it('learns titles, says what they cost beside the trigram model, and writes after each epoch', async () => {
    serveFilms(40);
    const { result, epochs, curves, written, steps } = await ran(
      titles,
      { epochs: 2 },
      async ({ writer }) => {
        const begun = await writer?.write({ prefix: 'The Moon', temperature: 0.5 });
        expect(begun).toHaveLength(8);
        for (const { text } of begun ?? []) expect(text).toMatch(/^the moon/);
        const spaced = await writer?.write({ prefix: 'red ', temperature: 0.5 });
        for (const { text } of spaced ?? []) expect(text).toMatch(/^red /);
      },
    );
    const cost = epochs.map((logs) => logs['held-out bits per character']);
    expect(cost[1]).toBeLessThan(cost[0] as number);
    expect(result.loss).toBe(cost[1]);
    expect(result.measuredOn).toBe('bits per character on 4 held-out titles');
    expect(result.passed).toBe((result.loss as number) < (epochs[0]?.['of the trigram model'] as number));
    expect(result.details.join('\n')).toMatch(/a trigram model of the same characters: \d\.\d{3}/);
    expect(curves[0]?.loss?.['held out']).toBe(cost[0]);
    expect(Object.keys(curves[0]?.loss ?? {})[1]).toMatch(/^trigrams: \d\.\d{3}$/);
    expect(written).toHaveLength(2);
    for (const { texts } of written) {
      expect(texts).toHaveLength(8);
      for (const { text } of texts) expect(text).toMatch(/^[a-z0-9 '\-:.,&!?/]{0,48}$/);
    }
    expect(steps).toBeGreaterThan(1);
  }, 120_000);

  it('learns a text that was brought along, and writes passages of it', async () => {
    const line = 'the moon is red and the sun is blue, said the moon to the sun.\n';
    const files = [new File([line.repeat(40)], 'moon.txt')];
    const { result, written, steps } = await ran(titles, { files, batchSize: 16 });
    expect(result.measuredOn).toMatch(/the last 252 characters of moon\.txt, held out/);
    expect(steps).toBe(Math.ceil(Math.ceil((40 * line.length - 252) / 64) / 16));
    const [passages] = written;
    expect(passages?.texts).toHaveLength(4);
    for (const { text } of passages?.texts ?? []) expect(text).toHaveLength(160);
  }, 120_000);

  it('refuses a file that is no text before anything is trained', async () => {
    const files = [new File(['x'], 'x.txt')];
    await expect(ran(titles, { files })).rejects.toThrow(/x\.txt: it has 1 characters/);
  });
});

describe('bits per character', () => {
  it('are a mean over all characters, padding left out, whatever the batches', async () => {
    const model = characterModel(6, 5, 12, 1);
    const rows = packLines([[2, 3], [4], [5, 2, 3, 4], [3]], 5, 1);
    const { data } = await model.net.predict({ data: rows.inputs, shape: [rows.rows, 5] });
    let bits = 0;
    for (const [place, id] of rows.targets.entries())
      if (id !== PAD) bits -= Math.log2(softmax(data.subarray(place * 6, place * 6 + 6))[id] as number);
    expect(rows.characters).toBe(12);
    expect(rows.rows * 5).toBeGreaterThan(12);
    for (const batchSize of [1, 2, 3])
      expect(await bitsPerCharacter(model, rows, batchSize)).toBeCloseTo(bits / 12, 5);
    model.net.dispose();
  });
});

describe('genres', () => {
  it('learns genres from titles, and reads what is typed', async () => {
    serveFilms(80);
    let report: TestReport | null = null;
    const { result, shown, epochs, curves } = await ran(genres, { epochs: 6 }, async ({ reader }) => {
      const [moon, sun] = (await reader?.shares(['Red MOON 7', 'the sun'])) ?? [];
      const sum = (shares: readonly number[] = []): number => shares.reduce((a, b) => a + b, 0);
      expect(sum(moon)).toBeCloseTo(1, 6);
      const horror = reader?.classNames.indexOf('Horror') ?? -1;
      expect(moon?.[horror]).toBeGreaterThan(sun?.[horror] as number);
      if (!reader) throw new Error('there is no reader');
      report = await readReport(reader);
    });
    const { confusion, samples } = report as unknown as TestReport;
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(16);
    const right = confusion.reduce((all, row, index) => all + (row[index] ?? 0), 0);
    expect(right / 16).toBeCloseTo(result.accuracy as number, 6);
    expect(samples[0]).toMatchObject({ row: 0, text: shown.reader?.texts[0] });
    expect(shown.steps).toBe(6 * 8);
    expect(result.accuracy).toBe(epochs.at(-1)?.val_accuracy);
    expect(result.details[1]).toMatch(/^always (Horror|Comedy), the most common genre: 0\.5/);
    expect(curves[0]?.accuracy?.['held out']).toBe(epochs[0]?.val_accuracy);
    expect(Object.keys(curves[0]?.accuracy ?? {})[1]).toMatch(/^always (Horror|Comedy): 0\.\d{3}$/);
    expect(result.passed).toBe(true);
  }, 120_000);

  it('compares itself with whoever names the most common genre of the training films', () => {
    const train = { titles: ['a', 'b', 'c'], labels: [1, 1, 0] };
    const heldOut = { titles: ['d', 'e', 'f', 'g'], labels: [1, 0, 0, 2] };
    expect(majorityAccuracy(train, heldOut)).toEqual({ name: 'Comedy', accuracy: 0.25 });
  });
});

it('the learning rate stays for half of the epochs, then falls to its end', () => {
  const rates = [0, 1, 2, 3].map((epoch) => settlingRate([8e-3, 4e-4], epoch, 4));
  expect(rates.slice(0, 2)).toEqual([8e-3, 8e-3]);
  expect(rates[3]).toBeCloseTo(4e-4, 10);
  expect(rates[2]).toBeLessThan(8e-3);
  expect(settlingRate([8e-3, 4e-4], 0, 1)).toBe(8e-3);
});
