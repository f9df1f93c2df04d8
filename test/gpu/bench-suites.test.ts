// The suites of recurrent cells, inference, memory, JavaScript and the adapter's limits at tiny sizes, and the page that runs them.
import type { Page } from 'puppeteer';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../bench/row.js';
import { SUITE_NAMES } from '../../bench/suites/names.js';
import { benches, rowOf } from './benches.js';

const { run, site, browser } = benches();

const medianOf = (rows: readonly Row[], name: string, engine = 'heddle'): number =>
  rowOf(rows, name, engine).median ?? Number.NaN;

const enginesOf = (rows: readonly Row[]): Record<string, string[]> => {
  const engines: Record<string, string[]> = {};
  for (const { case: name, engine } of rows) engines[name] = [...(engines[name] ?? []), engine];
  return engines;
};

const failures = (rows: readonly Row[]): string[] =>
  rows.flatMap(({ case: name, engine, failed }) => (failed === null ? [] : [`${name} ${engine}: ${failed}`]));

describe('the suite of recurrent cells', () => {
  let rows: readonly Row[];
  beforeAll(async () => {
    rows = await run({ suites: ['cells'] });
  }, 600_000);

  it('checks and times each cell, forward and backward, by every engine that has it', () => {
    expect(failures(rows)).toEqual([]);
    const all = ['heddle', 'tfjs', 'jax-js'];
    expect(enginesOf(rows)).toEqual({
      'simpleRNN/3/forward': all,
      'simpleRNN/3/backward': all,
      'gru/3/forward': ['heddle', 'tfjs'],
      'gru/3/backward': ['heddle', 'tfjs'],
      'lstm/3/forward': all,
      'lstm/3/backward': all,
    });
    for (const row of rows) {
      expect(row).toMatchObject({ suite: 'cells', unit: 'ms', runs: 2 });
      for (const value of [row.median, row.ratio, row.gflops, row.gbps, row.ofLimit])
        expect(value, row.case).toBeGreaterThan(0);
    }
  });

  it('takes a few dispatches', () => {
    for (const cell of ['simpleRNN', 'gru', 'lstm']) {
      expect(rowOf(rows, `${cell}/3/forward`, 'heddle').calls?.dispatches).toBeLessThanOrEqual(3);
      expect(rowOf(rows, `${cell}/3/backward`, 'heddle').calls?.dispatches).toBeLessThanOrEqual(8);
    }
  });

  it('refuses a cell whose gradients are one per cent off', async () => {
    const wrong = await run({ cases: ['cells/simpleRNN/3/backward'], peers: false }, async (page) => {
      await page.evaluateOnNewDocument(() => {
        const original = GPUDevice.prototype.createShaderModule;
        GPUDevice.prototype.createShaderModule = function (descriptor) {
          const slope = /(_slope\(y: elem\) -> elem \{ return )([^;]+);/g;
          const code = descriptor.code.replace(slope, '$1 elem(1.01) * ($2);');
          return original.call(this, { ...descriptor, code });
        };
      });
    });
    expect(wrong[0]?.failed).toMatch(/^wrong result: element \d+ of the gradient of x is/);
  });
});

it('times inference by a model, by a program and by the others', async () => {
  const rows = await run({ suites: ['inference'] });
  expect(failures(rows)).toEqual([]);
  const engines = ['heddle', 'heddle', 'tfjs', 'jax-js'];
  expect(enginesOf(rows)).toEqual({ mlp: engines, cnn: engines, lstm: engines });
  for (const row of rows) {
    expect(row).toMatchObject({ unit: 'ms', runs: 2 });
    expect(row.median).toBeGreaterThan(0);
  }
  expect(rows.slice(0, 2).map(({ version }) => version)).toEqual([
    expect.stringMatching(/^\d+\.\d+\.\d+$/),
    expect.stringMatching(/, a program$/),
  ]);
  // One upload, one readback, and nothing made anew.
  expect(rowOf(rows, 'mlp', 'heddle').calls).toMatchObject({ submits: 1, copies: 1, writes: 1, buffers: 0 });
});

it('counts what engines hold on the device, beside what Heddle plans', async () => {
  const rows = await run({ suites: ['memory'] });
  expect(failures(rows)).toEqual([]);
  for (const name of ['mlp', 'cnn', 'rnn', 'lstm']) {
    const [measured, planned, bound] = ['measured', 'planned', 'bound'].map((part) =>
      medianOf(rows, `${name}/${part}`),
    ) as [number, number, number];
    expect(bound, name).toBeGreaterThan(0);
    expect(planned, name).toBeGreaterThanOrEqual(bound);
    expect(measured, name).toBeGreaterThanOrEqual(planned);
    // Parameters of kernels and the buffer of a readback: no second copy of anything.
    expect(measured - planned, name).toBeLessThan(0.01);
    for (const peer of ['tfjs', 'jax-js']) {
      const row = rowOf(rows, `${name}/measured`, peer);
      expect(row.ratio, name).toBeCloseTo((row.median ?? 0) / measured);
    }
  }
  expect(new Set(rows.map(({ unit, runs }) => `${unit} ${runs}`))).toEqual(new Set(['MB 1']));
});

it('times the JavaScript of a dispatch beside a bare loop', async () => {
  const rows = await run({ suites: ['javascript'] });
  expect(failures(rows)).toEqual([]);
  const engines = ['heddle', 'heddle', 'tfjs'];
  expect(enginesOf(rows)).toEqual({ celsius: engines, cnn: engines, lstm: engines });
  for (const { median, unit } of rows) {
    expect(unit).toBe('µs/dispatch');
    expect(median).toBeGreaterThan(0);
  }
  expect(rows[1]?.version).toBe('a bare loop');
});

it('measures the limits of the adapter', async () => {
  const rows = await run({ suites: ['roofline'] });
  expect(rows.map(({ case: name, unit }) => [name, unit])).toEqual([
    ['multiply-add', 'GFLOP/s'],
    ['copy', 'GB/s'],
  ]);
  for (const { median } of rows) expect(median).toBeGreaterThan(0);
});

it('finds a case by its name in any suite, and by suite and name', async () => {
  const options = { peers: false, runs: 1 };
  const named = await run({ ...options, cases: ['mlp'] });
  expect(named.map(({ suite }) => suite)).toEqual(['inference', 'inference']);
  const both = await run({ ...options, cases: ['inference/cnn', 'javascript/cnn'] });
  expect(new Set(both.map(({ suite, case: name }) => `${suite}/${name}`))).toEqual(
    new Set(['inference/cnn', 'javascript/cnn']),
  );
  await expect(run({ suites: ['memory'], cases: ['steps/mlp/free'] })).rejects.toThrow(
    "no case 'steps/mlp/free'; there are memory/mlp/measured, memory/mlp/planned",
  );
});

describe('the page', () => {
  const withPage = async (work: (page: Page) => Promise<void>): Promise<void> => {
    const page = await browser().newPage();
    const errors: unknown[] = [];
    page.on('pageerror', (error) => errors.push(error));
    try {
      await page.evaluateOnNewDocument(() => {
        const saved: Blob[] = [];
        Object.assign(globalThis, { saved });
        const original = URL.createObjectURL;
        URL.createObjectURL = (blob: Blob) => {
          saved.push(blob);
          return original(blob);
        };
      });
      await page.goto(site().url);
      await page.waitForSelector('#suites input');
      await work(page);
      expect(errors).toEqual([]);
    } finally {
      await page.close();
    }
  };
  const choose = async (page: Page, suite: string, runs: string): Promise<void> => {
    await page.click('#none');
    await page.click(`#suites input[value="${suite}"]`);
    await page.$eval('#runs', (input) => (input as HTMLInputElement).select());
    await page.type('#runs', runs);
  };
  const texts = (page: Page, selector: string): Promise<string[]> =>
    page.$$eval(selector, (found) => found.map((one) => one.textContent?.trim() ?? ''));

  it('offers every suite, all or none of them, and says what the adapter is', () =>
    withPage(async (page) => {
      const checked = (): Promise<string[]> =>
        page.$$eval('#suites input:checked', (boxes) => boxes.map((box) => (box as HTMLInputElement).value));
      expect(await checked()).toEqual(['steps']);
      await page.click('#all');
      expect(await checked()).toEqual([...SUITE_NAMES]);
      await page.click('#none');
      expect(await checked()).toEqual([]);
      await page.click('#start');
      expect(await texts(page, '#status')).toEqual(['Choose a suite first.']);
      await page.waitForSelector('#adapter dd');
      expect((await texts(page, '#adapter p'))[0]).toMatch(/^Adapter: \S/);
      expect(await page.$$eval('#adapter dt', (names) => names.length)).toBeGreaterThan(5);
    }));

  it('fills in bars while a case runs, sums up, and exports', () =>
    withPage(async (page) => {
      await choose(page, 'inference', '2');
      await page.click('#start');
      // A bar stands there before its case has ended.
      await page.waitForSelector('.running .fill', { timeout: 120_000 });
      expect(await page.$$eval('#progress:not([hidden])', (found) => found.length)).toBe(1);
      await page.waitForSelector('#start:not([disabled])', { timeout: 240_000 });
      expect(await texts(page, '#status')).toEqual(['Done: 3 cases.']);
      expect(await texts(page, '.case h3')).toEqual(['mlp', 'cnn', 'lstm']);
      expect(await page.$$eval('.running', (found) => found.length)).toBe(0);
      const widths = await page.$$eval('.case .fill', (fills) =>
        fills.map((fill) => (fill as HTMLElement).getBoundingClientRect().width),
      );
      expect(widths).toHaveLength(12);
      for (const width of widths) expect(width).toBeGreaterThan(0);
      const head = await texts(page, '.summary thead th');
      expect(head).toEqual(['Case', 'Heddle', 'tfjs ÷ Heddle', 'jax-js ÷ Heddle']);
      expect(await texts(page, '.summary tbody th')).toEqual([
        'inference/mlp',
        'inference/cnn',
        'inference/lstm',
        'inference, ms: geometric mean',
      ]);
      // The mark says what the number says, without any colour.
      const marks = await texts(page, '.summary td span:is(.ahead, .behind)');
      expect(marks).toHaveLength(8);
      for (const mark of marks) {
        const [, sign, ratio] = /^(▲|▼) ([\d.]+) ×, Heddle is (ahead, or even|behind)$/.exec(mark) ?? [];
        expect(sign, mark).toBe(Number(ratio) >= 1 ? '▲' : '▼');
      }
      await page.click('#export');
      const exported = await page.evaluate(async () => {
        const [blob] = (globalThis as unknown as { saved: Blob[] }).saved;
        return JSON.parse((await blob?.text()) ?? 'null') as Row[];
      });
      expect(exported).toHaveLength(12);
      expect(failures(exported)).toEqual([]);
      expect(exported[0]).toMatchObject({ suite: 'inference', case: 'mlp', engine: 'heddle', runs: 2 });
    }));

  it('stops in the middle of a case and can run again', () =>
    withPage(async (page) => {
      await choose(page, 'roofline', '1');
      await page.click('#start');
      await page.waitForSelector('.running, .case', { timeout: 120_000 });
      await page.click('#stop');
      await page.waitForSelector('#start:not([disabled])', { timeout: 120_000 });
      expect((await texts(page, '#status'))[0]).toMatch(/^(Stopped|Done): \d cases?\.$/);
      expect(await page.$$eval('.running', (found) => found.length)).toBe(0);
      await page.click('#start');
      await page.waitForSelector('#start:not([disabled])', { timeout: 120_000 });
      expect(await texts(page, '#status')).toEqual(['Done: 2 cases.']);
      expect(await texts(page, '.case h3')).toEqual(['multiply-add', 'copy']);
    }));

  it('is as wide as the window, wide or narrow', () =>
    withPage(async (page) => {
      await choose(page, 'inference', '1');
      await page.click('#start');
      await page.waitForSelector('.summary', { timeout: 120_000 });
      for (const width of [1280, 390]) {
        await page.setViewport({ width, height: 800 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth), `${width}`).toBe(width);
      }
      await page.click('#stop');
    }));
});
