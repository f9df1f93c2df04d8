// The examples on texts: from the command line with their figures, and in the page, where a person types.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { packData } from '../../tools/data/pack.js';
import { type DemoServer, serveDemo } from '../../tools/train/serve.js';
import { commandInto } from './command.js';

const full = process.env.FULL === '1';
const out = mkdtempSync(join(tmpdir(), 'heddle-texts-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

const { json, read } = commandInto(out);

const figures = (text: string, pattern: RegExp): number[] =>
  [...text.matchAll(pattern)].map((match) => Number(match[1]));

describe('from the command line', () => {
  it('titles: an epoch, its figure beside that of the trigram model, titles of its own, a plan within budget', async () => {
    const { result, stderr } = await json('--example', 'titles', '--epochs', '1');
    const [held] = figures(stderr, /held-out bits per character ([\d.]+)/g);
    const [trigram] = figures(stderr, /a trigram model of the same characters: ([\d.]+)/g);
    expect(trigram).toBeCloseTo(3.214, 3);
    // Five and a half bits are what knowing nothing costs.
    expect(held).toBeLessThan(4.2);
    expect(result.testLoss).toBeCloseTo(held as number, 3);
    expect(result).toMatchObject({ steps: 61, verify: { passed: true } });
    expect(result.dispatchesPerStep).toBeLessThanOrEqual(26);
    expect(stderr.match(/^ {4}\S/gm)?.length, 'titles after the epoch').toBeGreaterThan(4);
    expect(read('titles.html').toString()).toContain('What it wrote');
  });

  it('genres: an epoch, the most common genre, a plan within budget, titles in the report', async () => {
    const { result, stderr } = await json('--example', 'genres', '--epochs', '1');
    expect(stderr).toContain('always Comedy: right for 30.8 % of 549 held-out films');
    expect(result).toMatchObject({ steps: 69, verify: { passed: true } });
    expect(result.testAccuracy).toBeGreaterThan(0.2);
    const report = read('genres.html').toString();
    expect(report).toContain('class="confusion"');
    expect(report.match(/<figure/g)).toHaveLength(25);
  });

  it.runIf(full)(
    'titles: fewer bits per character than the trigram model, and most titles its own',
    { timeout: 1_200_000 },
    async () => {
      const { result, stderr } = await json('--example', 'titles');
      expect(result.passed).toBe(true);
      expect(result.testLoss).toBeLessThan(3.15);
      const own = /(\d+) of 32 titles that it wrote are its own/.exec(stderr)?.[1];
      expect(Number(own)).toBeGreaterThanOrEqual(24);
    },
  );

  it.runIf(full)(
    'genres: right more often than the most common genre, by four films in a hundred',
    { timeout: 600_000 },
    async () => {
      const { result } = await json('--example', 'genres');
      expect(result.passed).toBe(true);
      expect(result.testAccuracy).toBeGreaterThanOrEqual(0.347);
    },
  );

  it.runIf(full)('--text: a text of the user’s own', { timeout: 600_000 }, async () => {
    const file = join(out, 'months.txt');
    writeFileSync(file, 'january february march april may june july\n'.repeat(600));
    const { result, stderr } = await json('--text', file, '--epochs', '4');
    expect(result).toMatchObject({ example: 'titles', verify: { passed: true } });
    expect(result.testLoss).toBeLessThan(0.5);
    expect(stderr).toMatch(/characters of months\.txt, held out/);
    expect(stderr).toMatch(/^ {4}january february march/m);
  });
});

describe('in the page', () => {
  let server: DemoServer;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    packData();
    server = await serveDemo();
    browser = await puppeteer.connect({ browserWSEndpoint: inject('gpuBrowser'), protocolTimeout: 0 });
    page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(server.url);
  });
  afterAll(async () => {
    await page.close();
    await browser.disconnect();
    await server.close();
  });

  /** Trains one epoch of an example, until `box` shows. */
  async function begin(example: string, box: string): Promise<void> {
    await page.click(`input[value="${example}"]`);
    await page.$eval('#epochs', (field) => {
      (field as HTMLInputElement).value = '1';
    });
    await page.click('#train');
    await page.waitForSelector(box, { visible: true, timeout: 120_000 });
  }

  const stopped = async (): Promise<void> => {
    await page.click('#stop');
    await page.waitForFunction(() =>
      /done|stopped/.test(document.querySelector('#stage')?.textContent ?? ''),
    );
  };
  const text = (selector: string): Promise<string> =>
    page.$eval(selector, (element) => element.textContent ?? '');

  it('writes titles with the beginning and the temperature that were asked for, by keyboard alone', async () => {
    await begin('titles', '#writer-box');
    expect(await text('#writer-title')).toBe('It writes titles');
    await page.focus('#prefix');
    await page.keyboard.type('Night of ');
    await page.waitForFunction(() => {
      const lines = [...document.querySelectorAll('#written .written-text')];
      return lines.length === 8 && lines.every((line) => line.textContent?.startsWith('night of '));
    });
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    expect(await text('#temperature-shown')).toBe('0.8');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => /^8, /.test(document.querySelector('#writer-says')?.textContent ?? ''));
    await stopped();
    expect(await text('#error')).toBe('');
    expect(faults).toEqual([]);
  });

  it('reads a title while it is typed, and says how sure it is of each genre', async () => {
    await begin('genres', '#reader-box');
    expect(await page.$eval('#writer-box', (box) => (box as HTMLElement).hidden)).toBe(true);
    await page.type('#reader-text', 'Return of the Vampire');
    await page.waitForFunction(() =>
      /^sounds like /.test(document.querySelector('#reader-says')?.textContent ?? ''),
    );
    const shares = await page.$$eval('#reader-bars .share', (all) =>
      all.map((one) => Number.parseInt(one.textContent ?? '', 10)),
    );
    expect(shares).toHaveLength(6);
    expect(Math.abs(shares.reduce((a, b) => a + b) - 100)).toBeLessThanOrEqual(3);
    expect(await page.$$eval('#read tr', (rows) => rows.length)).toBe(12);
    await stopped();
    expect(await text('#error')).toBe('');
    expect(faults).toEqual([]);
  });
});
