// The benchmarks at tiny sizes: every case runs, checks and counts. No assertion looks at a time.
import type { Page } from 'puppeteer';
import { beforeAll, describe, expect, it } from 'vitest';
import { ratioText } from '../../bench/format.js';
import { expectedLosses } from '../../bench/oracle.js';
import { type Row, rowsOf } from '../../bench/row.js';
import { celsius, cnn, fashionMnist, gru, gruResetBefore, lstm, mlp, rnn } from '../../bench/tasks.js';
import { driveBench } from '../../tools/bench/drive.js';
import { benches, rowOf } from './benches.js';

const CASES = [
  'celsius/free',
  'celsius/read',
  'celsius/fit',
  'mlp/free',
  'mlp/read',
  'cnn/free',
  'cnn/read',
  'rnn/free',
  'rnn/read',
  'lstm/free',
  'lstm/read',
  'gru/free',
  'gru/read',
  'fashion-mnist/fit',
  'control',
];

const { run, site, browser } = benches();

describe('the suite of training steps', () => {
  let rows: readonly Row[];
  // TensorFlow.js makes hundreds of dispatches for each step of its recurrent layers.
  beforeAll(async () => {
    rows = await run({ suites: ['steps'] });
  }, 900_000);

  it('gives a checked and timed row for each engine and case', () => {
    expect(rows.map(({ failed }) => failed).filter((failed) => failed !== null)).toEqual([]);
    const engines = (name: string): string[] => {
      if (name === 'control') return ['heddle', 'heddle'];
      return name.endsWith('/fit') || name.startsWith('gru/')
        ? ['heddle', 'tfjs']
        : ['heddle', 'tfjs', 'jax-js'];
    };
    expect(rows.map((row) => [row.case, row.engine])).toEqual(
      CASES.flatMap((name) => {
        const names = name.endsWith('/free') ? [name, name.replace('/free', '/first')] : [name];
        return names.flatMap((one) => engines(one).map((engine) => [one, engine]));
      }),
    );
    for (const row of rows) {
      expect(row).toMatchObject(
        row.case.endsWith('/first')
          ? { suite: 'steps', unit: 'ms', runs: 1, calls: null }
          : { suite: 'steps', unit: 'ms/step', runs: 2 },
      );
      expect(row.version).toMatch(/^\d+\.\d+\.\d+/);
      expect(row.median).toBeGreaterThan(0);
      expect(row.ratio).toBeGreaterThan(0);
      expect(row.p10).toBeLessThanOrEqual(row.median ?? 0);
      expect(row.p90).toBeGreaterThanOrEqual(row.median ?? Number.POSITIVE_INFINITY);
    }
  });

  it('has all engines on one adapter', () => {
    expect(new Set(rows.map(({ adapter }) => adapter)).size).toBe(1);
  });

  it('counts what a step of each engine asks of the device', () => {
    for (const name of CASES) {
      const { calls } = rowOf(rows, name, 'heddle');
      expect(calls, name).toMatchObject({ buffers: 0, bindGroups: 0, pipelines: 0 });
    }
    expect(rowOf(rows, 'celsius/read', 'heddle').calls).toMatchObject({
      passes: 1,
      submits: 1,
      copies: 1,
      writes: 0,
    });
    expect(rowOf(rows, 'celsius/free', 'heddle').calls).toMatchObject({ submits: 1 / 4, writes: 0 });
    const { calls } = rowOf(rows, 'fashion-mnist/fit', 'heddle');
    expect(calls?.dispatches).toBeLessThanOrEqual(10);
    expect(rowOf(rows, 'cnn/free', 'heddle').calls?.dispatches).toBeLessThanOrEqual(24);
    expect(rowOf(rows, 'mlp/free', 'tfjs').calls?.bindGroups).toBeGreaterThan(10);
  });
});

it('follows recurrent cells over the length of their sequences, in as many dispatches at any', async () => {
  const rows = await run({ suites: ['recurrent'] });
  expect(rows.map(({ failed }) => failed).filter((failed) => failed !== null)).toEqual([]);
  const cells = ['simpleRNN', 'gru', 'lstm'];
  expect(rows.map((row) => [row.case, row.engine])).toEqual(
    cells.flatMap((cell) => [2, 7].map((length) => [`${cell}/${length}`, 'heddle'])),
  );
  for (const cell of cells) {
    const [short, long] = [2, 7].map(
      (length) => rowOf(rows, `${cell}/${length}`, 'heddle').calls?.dispatches,
    );
    expect(short, cell).toBeLessThanOrEqual(16);
    expect(long, cell).toBe(short);
  }
});

it('draws the charts of a suite as its rows come in', async () => {
  const page = await browser().newPage();
  try {
    await page.goto(site().url);
    await page.waitForSelector('#suites input');
    await page.click('#none');
    await page.click('#suites input[value="recurrent"]');
    await page.$eval('#runs', (input) => {
      (input as HTMLInputElement).value = '1';
    });
    await page.click('#start');
    await page.waitForSelector('.case');
    await page.click('#stop');
    await page.waitForSelector('#start:not([disabled])');
    const drawn = await page.$$eval('figure', (figures) =>
      figures.map((figure) => [
        figure.querySelector('figcaption')?.textContent,
        [...figure.querySelectorAll('.u-legend .u-label')].map((label) => label.textContent),
        figure.querySelectorAll('canvas').length,
      ]),
    );
    expect(drawn.map(([title]) => title)).toEqual([
      'Milliseconds of a training step',
      'Dispatches of a training step',
    ]);
    for (const [, labels, canvases] of drawn) {
      expect(labels).toContain('simpleRNN');
      expect(canvases).toBe(1);
    }
  } finally {
    await page.close();
  }
});

it('gives each first step a page that shares nothing with others, and the rest one page', async () => {
  const contexts = new Set<unknown>();
  const options = { cases: ['celsius/read', 'mlp/free', 'celsius/free', 'mlp/read'], peers: false };
  const rows = await run(options, async (page) => {
    expect(await page.browser().defaultBrowserContext().pages()).not.toContain(page);
    contexts.add(page.browserContext());
  });
  // The first page only says which cases there are.
  expect(contexts.size).toBe(1 + 2 + 1);
  expect(rows.map((row) => row.case)).toEqual([
    'celsius/read',
    'mlp/free',
    'mlp/first',
    'celsius/free',
    'celsius/first',
    'mlp/read',
  ]);
});

it('gives rows as cases end, and keeps those before a crash', async () => {
  let crashed: Page | null = null;
  const told: string[] = [];
  const { rows, errors } = await driveBench(
    browser(),
    site().url,
    { size: 'tiny', runs: 1, peers: false, cases: ['celsius/read', 'celsius/fit', 'mlp/read', 'mlp/free'] },
    {
      onRows: (found) => told.push(...found.map((row) => row.case)),
      onProgress({ text }) {
        if (/mlp\/read/.test(text)) void crashed?.goto('chrome://crash').catch(() => {});
      },
      async prepare(page) {
        crashed = page;
      },
    },
  );
  expect(told).toEqual(['mlp/free', 'mlp/first', 'celsius/read', 'celsius/fit']);
  expect(rows.map((row) => row.case)).toEqual(['celsius/read', 'celsius/fit', 'mlp/free', 'mlp/first']);
  expect(errors).toEqual([expect.stringMatching(/^steps mlp\/read: heddle, /)]);
});

it('shows a peer that cannot be loaded as failed, with its message', async () => {
  const rows = await run({ cases: ['celsius/read'] }, async (page) => {
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      void (/tfjs/.test(request.url()) ? request.abort() : request.continue());
    });
  });
  expect(rowOf(rows, 'celsius/read', 'heddle').failed).toBeNull();
  expect(rowOf(rows, 'celsius/read', 'tfjs')).toMatchObject({
    failed: expect.stringContaining('import'),
    median: null,
    ratio: null,
    calls: null,
    runs: 0,
  });
});

it('refuses to time a kernel that computes wrong numbers', async () => {
  const rows = await run({ cases: ['mlp/free'] }, async (page) => {
    await page.evaluateOnNewDocument(() => {
      const original = GPUDevice.prototype.createShaderModule;
      GPUDevice.prototype.createShaderModule = function (descriptor) {
        const code = descriptor.code.replace('- alpha * next_m', '+ alpha * next_m');
        return original.call(this, { ...descriptor, code });
      };
    });
  });
  expect(rowOf(rows, 'mlp/free', 'heddle')).toMatchObject({
    failed: expect.stringMatching(/^wrong result: the loss of step 2 is/),
    median: null,
  });
  expect(rowOf(rows, 'mlp/free', 'tfjs')).toMatchObject({ failed: null, ratio: null });
});

it('names a suite or case that does not exist', async () => {
  await expect(run({ suites: ['stairs'] })).rejects.toThrow("no suite 'stairs'; there are steps, recurrent");
  await expect(run({ cases: ['celcius'] })).rejects.toThrow(
    "no case 'celcius'; there are steps/celsius/free",
  );
});

it('checks losses that change much more from step to step than the check forgives', () => {
  const sized = [mlp, cnn, fashionMnist, rnn, lstm, gru, gruResetBefore].map((make) => make('tiny'));
  for (const task of [celsius(), ...sized]) {
    const losses = expectedLosses(task, 5);
    losses.slice(1).forEach((loss, index) => {
      const before = losses[index] ?? Number.NaN;
      expect(Math.abs(loss - before) / before, `${task.name}, step ${index + 2}`).toBeGreaterThan(2e-3);
    });
  }
});

it('marks Heddle beside itself where 1 lies outside the spread of its ratios', () => {
  const timing = { version: '1.0.0', adapter: 'a', calls: null, failed: null, engine: 'heddle' } as const;
  const offOf = (others: readonly number[], control = true): string[] => {
    const own = { ...timing, samples: [1, 2, 1, 2, 1] };
    const rows = rowsOf({ suite: 's', case: 'control', unit: 'ms', control }, [
      own,
      { ...timing, samples: others },
    ]);
    expect(rows[0]?.off).toBeNull();
    return rows.slice(1).map((row) => ratioText(row));
  };
  // Round by round: each pair met the same load, which doubles some samples here.
  expect(offOf([1.1, 2.4, 1.1, 2.2, 1.1])).toEqual(['1.10 × ✕ not 1: 1.100 – 1.160']);
  expect(offOf([0.9, 1.8, 0.9, 1.8, 0.9])).toEqual(['0.90 × ✕ not 1: 0.900 – 0.900']);
  expect(offOf([1.1, 1.8, 1.1, 2.2, 1.1])).toEqual(['1.10 ×']);
  expect(offOf([1.1, 2.4, 1.1, 2.2, 1.1], false)).toEqual(['1.10 ×']);
  // Four say too little.
  expect(offOf([1.1, 2.4, 1.1, 2.2])).toEqual(['1.65 ×']);
});

it('compares medians, and gives percentiles between neighbours', () => {
  const timing = { version: '1.0.0', adapter: 'a', calls: null, failed: null };
  const rows = rowsOf({ suite: 's', case: 'c', unit: 'ms' }, [
    { ...timing, engine: 'heddle', samples: [3, 1, 2] },
    { ...timing, engine: 'tfjs', samples: [40, 10, 20, 30, 50] },
  ]);
  expect(rows.map(({ median, p10, p90, runs, ratio }) => [median, p10, p90, runs, ratio])).toEqual([
    [2, 1.2, 2.8, 3, 1],
    [30, 14, 46, 5, 15],
  ]);
});
