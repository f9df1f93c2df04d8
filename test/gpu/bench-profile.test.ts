// Profiles of the benchmarks' training steps at tiny sizes: through the command's way in, and as a reader of the page sees them.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAMILIES, familyOf } from '../../bench/kernel-family.js';
import type { TaskProfile } from '../../bench/profile.js';
import { driveProfile } from '../../tools/bench/drive.js';
import { profileTable } from '../../tools/bench/profile-table.js';
import { benches } from './benches.js';

const TASKS = ['celsius', 'mlp', 'cnn', 'rnn', 'lstm', 'gru'];

const { site, browser } = benches();

const profileOf = (task: string): Promise<TaskProfile> =>
  driveProfile(browser(), site().url, { task, size: 'tiny' });

it.each(TASKS)('%s: each dispatch has a time and a rate beside the limits of the adapter', async (task) => {
  const profile = await profileOf(task);
  expect(profile).toMatchObject({
    task,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    adapter: expect.stringMatching(/./),
    source: expect.stringMatching(/^(timestamps|clock)$/),
    repeat: 2,
  });
  expect(profile.whole).toBeGreaterThan(0);
  expect(profile.roof.gflops).toBeGreaterThan(0);
  expect(profile.dispatches.length).toBeGreaterThan(3);
  expect(profile.dispatches.map(({ index }) => index)).toEqual(profile.dispatches.map((_, index) => index));
  for (const { milliseconds, gbps, ofLimit, family } of profile.dispatches) {
    expect(milliseconds).toBeGreaterThanOrEqual(0);
    expect(FAMILIES).toContain(family);
    if (milliseconds > 0) for (const rate of [gbps, ofLimit]) expect(rate).toBeGreaterThan(0);
  }
  const products = profile.dispatches.filter(({ flops = 0 }) => flops > 0);
  expect(products.length).toBeGreaterThan(task === 'celsius' ? 0 : 2);
  const lines = profileTable(profile).split('\n');
  expect(lines).toHaveLength(profile.dispatches.length + 3);
  const slowest = profile.dispatches.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a));
  expect(lines[2]).toContain(slowest.kernel);
});

it('names a training step that does not exist', async () => {
  await expect(profileOf('stairs')).rejects.toThrow("no training step 'stairs'; there are celsius, mlp");
});

it('knows the kind of every kernel', () => {
  const folder = new URL('../../shaders/', import.meta.url);
  const entryPoints = readdirSync(folder).flatMap((name) => {
    const code = readFileSync(new URL(name, folder), 'utf8');
    return [...code.matchAll(/@compute[^{]*?\bfn (\w+)/g)].map(([, found = '']) => found);
  });
  expect(entryPoints.length).toBeGreaterThan(40);
  expect(entryPoints.filter((entryPoint) => familyOf(entryPoint) === 'elementwise')).toEqual(['pointwise']);
  expect(['matmul_single', 'lstm_gradient', 'adam'].map(familyOf)).toEqual([
    'matrix product',
    'recurrent cell',
    'optimizer, bookkeeping',
  ]);
});

it('shows a timeline in the order of execution, and the same dispatches as a table, wide and narrow', async () => {
  const page = await browser().newPage();
  try {
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(site().url);
    await page.waitForSelector('#profile option');
    expect(await page.$$eval('#profile option', (options) => options.map(({ value }) => value))).toEqual(
      TASKS,
    );
    await page.click('#profile button[type="submit"]');
    await page.waitForSelector('#profile table');
    const { bars, rows, words, label } = await page.evaluate(() => {
      const all = (selector: string): Element[] => [...document.querySelectorAll(`#profile ${selector}`)];
      return {
        bars: all('.fill').map((bar) => {
          const { left, right } = bar.getBoundingClientRect();
          return [left, right] as const;
        }),
        rows: all('tbody tr').map((row) => [...row.children].map((cell) => cell.textContent)),
        words: document.querySelector('#profile [role="status"]')?.textContent ?? '',
        label: document.querySelector('#profile [role="img"]')?.getAttribute('aria-label') ?? '',
      };
    });
    expect(words).toMatch(/^celsius: \S+ ms a step; its \d+ dispatches alone/);
    expect(label).toContain('celsius');
    expect(rows).toHaveLength(bars.length);
    // Each begins where the one before ends, but for the two pixels that even nothing has.
    bars.slice(1).forEach(([left], index) => {
      expect(left).toBeGreaterThanOrEqual((bars[index]?.[1] ?? 0) - 3);
    });
    const times = rows.map((row) => Number.parseFloat(row[1] ?? ''));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    for (const row of rows) expect(row.at(-1)).toMatch(/^\S+ G(FLOP|B)\/s, \d+ %$/);

    // An event and not the mouse, which would leave the line as soon as the window narrows.
    await page.$eval('#profile .line:nth-child(3)', (line) => {
      const { right, top } = line.getBoundingClientRect();
      line.dispatchEvent(new PointerEvent('pointermove', { clientX: right - 4, clientY: top + 4 }));
    });
    const tip = await page.$eval('#profile .tip', (one) => (one as HTMLElement).innerText);
    expect(tip).toMatch(/^2\. \S+\n.+ ms, .+ % of the step/s);

    await page.setViewport({ width: 390, height: 800 });
    const [needed, given] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(needed).toBeLessThanOrEqual(given ?? 0);
    expect(await page.$$eval('#profile button:not([disabled])', (buttons) => buttons.length)).toBe(2);
  } finally {
    await page.close();
  }
});
