// The examples on sequences, as a user runs them: through the command, with a folder of recordings, and in the page.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Recording, recordingName } from '../../demo/sound/recordings.js';
import { toneRecordings } from '../../demo/sound/tones.js';
import { packData } from '../../tools/data/pack.js';
import { type DemoServer, serveDemo } from '../../tools/train/serve.js';
import { shuffledInTime, wavBytes, writeRecordings } from '../kit/tone-files.js';
import { commandInto } from './command.js';

const full = process.env.FULL === '1';
const out = mkdtempSync(join(tmpdir(), 'heddle-sequences-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const { start, json, read } = commandInto(out);

/** A folder of its own with these recordings in it. */
function folderOf(name: string, recordings: readonly Recording[]): string {
  const folder = join(out, name);
  mkdirSync(folder);
  writeRecordings(folder, recordings);
  return folder;
}

/** Rising and falling triples of the same tones: the first and the last of the six orders. */
const upAndDown = toneRecordings({ each: 15, seed: 3 }).filter(({ digit }) => digit === 0 || digit === 5);

const numbersOf = (line: RegExpExecArray | null): number[] => (line?.slice(1) ?? []).map(Number);

describe('from the command line', () => {
  it('co2: a smaller error than that of the seasonal-naive forecast beside it, drawn over the true curve', async () => {
    const { result, stderr } = await json('--example', 'co2', ...(full ? [] : ['--epochs', '2']));
    const [ours, naive] = numbersOf(
      /error ([\d.]+) ppm on held-out.*?seasonal-naive.*?: ([\d.]+) ppm/s.exec(stderr),
    );
    expect(ours).toBeLessThan(naive as number);
    expect(ours).toBeLessThan(full ? 0.6 : 0.8);
    expect(result).toMatchObject({ passed: true, verify: { passed: true } });
    const report = read('co2.html').toString();
    expect(report).toContain('forecast year by year');
    for (const name of ['measured', 'LSTM', 'as last year'])
      expect(report).toContain(`<title>${name}</title>`);
  });

  it.runIf(full).each([1, 2, 3])(
    'adding, seed %i: the LSTM below a tenth of the baseline, the simple network above',
    { timeout: 1_800_000 },
    async (seed) => {
      const { result, stderr } = await json('--example', 'adding', '--seed', String(seed));
      const [simple, lstm] = numbersOf(
        /simple RNN: .*?error ([\d.]+).*?LSTM: .*?error ([\d.]+)/s.exec(stderr),
      );
      expect(lstm).toBeLessThan(1 / 60);
      expect(simple).toBeGreaterThan(1 / 60);
      expect(result).toMatchObject({ passed: true, steps: 1600, verify: { passed: true } });
      expect(read('adding.html').toString()).toContain('<title>simple RNN</title>');
    },
  );

  it('spoken-digits: tells the tones of a folder by their order', async () => {
    const folder = folderOf('in-order', upAndDown);
    const { result, stderr } = await json('--example', 'spoken-digits', '--folder', folder, '--epochs', '6');
    expect(stderr).toContain('80 recordings to learn from, digits 0 5; indices 0 to 4 are held out');
    expect(result.testAccuracy).toBeGreaterThanOrEqual(0.9);
    expect(result).toMatchObject({
      passed: true,
      measuredOn: '40 held-out recordings',
      verify: { passed: true },
    });
    expect(read('spoken-digits.html').toString()).toMatch(/<figcaption>✓ [05]<\/figcaption>/);
  });

  it('spoken-digits: hears nothing in the same sounds cut up and mixed, and does not pass', async () => {
    const mixed = upAndDown.map((recording, index) => shuffledInTime(recording, index));
    const { ended } = start('--json', '--example', 'spoken-digits', '--folder', folderOf('mixed', mixed));
    const { code, stdout, stderr } = await ended;
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(result.testAccuracy, stderr).toBeLessThanOrEqual(0.7);
    expect(result).toMatchObject({ passed: false, verify: { passed: true } });
    expect(code).toBe(1);
  });

  it.runIf(full)(
    'spoken-digits without a folder: six orders told, and none with the frames in random order',
    async () => {
      const { result, stderr } = await json('--example', 'spoken-digits');
      expect(stderr).toContain('no folder was given: making tones in six orders instead');
      expect(result.testAccuracy).toBeGreaterThanOrEqual(0.9);
      const [control] = numbersOf(/the control, frames in random order: ([\d.]+)/.exec(stderr));
      expect(control).toBeLessThanOrEqual(2 / 6);
      expect(result).toMatchObject({ passed: true, verify: { passed: true } });
    },
  );

  it('spoken-digits: names a file that is not as it should be', async () => {
    const [first, second] = upAndDown as [Recording, Recording];
    const folder = folderOf('wrong-rate', [first]);
    writeFileSync(join(folder, second.name), wavBytes([second.samples], 16_000));
    const { code, stderr } = await start('--example', 'spoken-digits', '--folder', folder).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`${second.name}: it has 16000 samples a second instead of 8000`);
  });
});

describe('in the page', () => {
  let server: DemoServer;
  let browser: Browser;
  beforeAll(async () => {
    packData();
    server = await serveDemo();
    browser = await puppeteer.connect({ browserWSEndpoint: inject('gpuBrowser'), protocolTimeout: 0 });
  });
  afterAll(async () => {
    await browser.disconnect();
    await server.close();
  });

  it('draws the forecast, then listens to a folder, and has room for both on a phone', async () => {
    const faults: string[] = [];
    const page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(server.url);
    const train = async (example: string, epochs: number): Promise<void> => {
      await page.$eval('#epochs', (field, value) => Object.assign(field, { value }), String(epochs));
      await page.click(`#train[aria-label="Train ${example}"]`);
      await page.waitForFunction(
        () => /done|stopped|failed/.test(document.querySelector('#stage')?.textContent ?? ''),
        { timeout: 240_000 },
      );
      expect(await page.$eval('#error', (element) => element.textContent)).toBe('');
    };

    await page.click('input[value="co2"]');
    expect(await page.$eval('#files-box', (box) => box.checkVisibility())).toBe(false);
    await train('co2', 1);
    expect(await page.$eval('#plot-title', (title) => title.textContent)).toContain('forecast year by year');
    expect(
      await page.$$eval('#plot .u-legend .u-series', (all) => all.map((one) => one.textContent)),
    ).toEqual(
      expect.arrayContaining([expect.stringContaining('measured'), expect.stringContaining('as last year')]),
    );

    await page.click('input[value="spoken-digits"]');
    expect(await page.$eval('#files-label', (label) => label.textContent)).toBe('Your own folder');
    const folder = folderOf('page', upAndDown);
    const field = await page.$('input#files');
    await field?.uploadFile(...upAndDown.map(({ name }) => join(folder, recordingName(name).name)));
    await train('spoken-digits', 1);
    expect(await page.$$eval('.strip .under', (all) => all.length)).toBe(12);
    expect(await page.$eval('#plot-box', (box) => box.checkVisibility())).toBe(false);
    for (const width of [390, 1280]) {
      await page.setViewport({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    }
    expect(faults).toEqual([]);
    await page.close();
  });
});
