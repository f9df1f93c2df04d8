// The benchmarks of single ops at tiny sizes: every case runs on every engine, checks and counts. No assertion looks at a time.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../bench/row.js';
import { benches, rowOf } from './benches.js';

const SUITES = {
  matmul: [
    'matmul/8',
    'matmul/17',
    'matmul/outer',
    'matmul/inner',
    'matmul/row',
    'matmul/transposed-a',
    'matmul/transposed-b',
    'matmul/batched',
    'matmul/dense',
    'control',
  ],
  convolution: [
    'conv-3x3/forward',
    'conv-3x3/input-gradient',
    'conv-3x3/filter-gradient',
    'conv-cnn-1/forward',
    'conv-cnn-1/filter-gradient',
    'conv-cnn-2/forward',
    'conv-cnn-2/input-gradient',
    'conv-cnn-2/filter-gradient',
    'conv-strided/forward',
    'conv-strided/input-gradient',
    'conv-strided/filter-gradient',
    'conv-1x1/forward',
    'conv-1x1/input-gradient',
    'conv-1x1/filter-gradient',
  ],
  pooling: [
    'max-pool/forward',
    'max-pool/gradient',
    'max-pool-3x3/forward',
    'max-pool-3x3/gradient',
    'average-pool/forward',
    'average-pool/gradient',
  ],
  reductions: ['sum', 'mean', 'max'].flatMap((of) => [`${of}/all`, `${of}/rows`, `${of}/columns`]),
  softmax: ['softmax/10', 'softmax/65', 'log-softmax/65', 'crossentropy/10', 'crossentropy/65'],
  normalisation: [
    'batch-norm/training',
    'batch-norm/gradient',
    'batch-norm/inference',
    'layer-norm/forward',
    'layer-norm/gradient',
  ],
  elementwise: ['add/5', 'add/1025', 'add/bias', 'gelu/chain', 'dot/product'],
  optimizer: ['adam/1M', 'momentum/1M'],
} as const;

const enginesOf = (name: string): string[] =>
  name === 'control' ? ['heddle', 'heddle'] : ['heddle', 'tfjs', 'jax-js'];

const { run, site, browser } = benches();

describe('the suites of ops', () => {
  let rows: readonly Row[];
  beforeAll(async () => {
    rows = await run({ suites: Object.keys(SUITES), runs: 1 });
  }, 600_000);

  it('give a checked and timed row for each engine and case', () => {
    expect(rows.filter(({ failed }) => failed !== null)).toEqual([]);
    expect(rows.map((row) => [row.suite, row.case, row.engine])).toEqual(
      Object.entries(SUITES).flatMap(([suite, cases]) =>
        cases.flatMap((name) => enginesOf(name).map((engine) => [suite, name, engine])),
      ),
    );
    for (const row of rows) {
      expect(row).toMatchObject({ unit: 'ms', runs: 1, leftOut: null });
      for (const number of [row.median, row.ratio, row.gflops, row.gbps, row.ofLimit])
        expect(number, row.case).toBeGreaterThan(0);
    }
  });

  it('run on the device, in every step', () => {
    for (const { case: name, engine, calls } of rows) {
      // It computes what is this small on the processor.
      if (engine === 'tfjs') continue;
      expect(calls?.dispatches, `${name}, ${engine}`).toBeGreaterThanOrEqual(1);
    }
  });

  it('make nothing anew in a step of Heddle', () => {
    for (const { case: name, engine, calls } of rows) {
      if (engine !== 'heddle') continue;
      expect(calls, name).toMatchObject({ buffers: 0, bindGroups: 0, pipelines: 0, writes: 0 });
      // Of the two steps together one, and one that brings the number back.
      expect(calls?.submits, name).toBe(2 / 2);
    }
  });
});

it('refuse to time kernels that leave out a term, change a sign, or forget a moment', async () => {
  /** What a shader says, and what it is made to say. */
  const planted: Readonly<Record<string, readonly [from: string, to: string]>> = {
    'matmul/17': ['k < tile.steps;', 'k < tile.steps - 1u;'],
    'conv-3x3/forward': ['done < walk.steps;', 'done < walk.steps - 1u;'],
    'average-pool/forward': ['s < kw;', 's < kw - 1u;'],
    'max-pool/gradient': ['== index(r * kw + s)', '== index(r * kw)'],
    'sum/rows': ['rest < EXTENT % 4u;', 'rest < EXTENT % 4u - 1u;'],
    'softmax/65': ['var total = 0.0;', 'var total = 1e-4;'],
    'layer-norm/forward': ['rest < EXTENT % 4u;', 'rest < EXTENT % 4u - 1u;'],
    'adam/1M': ['first_moments[i] = select(m, next_m, sound);', 'first_moments[i] = m;'],
    'momentum/1M': ['velocities[i] = select(u, next_u, sound);', 'velocities[i] = u;'],
  };
  const rows = await run({ cases: Object.keys(planted), peers: false }, async (page) => {
    await page.evaluateOnNewDocument((changes) => {
      const original = GPUDevice.prototype.createShaderModule;
      GPUDevice.prototype.createShaderModule = function (descriptor) {
        const code = changes.reduce((text, [from, to]) => text.replaceAll(from, to), descriptor.code);
        return original.call(this, { ...descriptor, code });
      };
    }, Object.values(planted));
  });
  for (const name of Object.keys(planted)) {
    expect(rowOf(rows, name, 'heddle'), name).toMatchObject({
      failed: expect.stringMatching(/^wrong result: element \[[\d, ]*\] of result 0 is/),
      median: null,
    });
  }
});

it('draw a line for each engine over the size of the product', async () => {
  const page = await browser().newPage();
  try {
    await page.goto(site().url);
    await page.waitForSelector('#suites input');
    await page.$$eval('#suites input', (boxes) => {
      for (const box of boxes as HTMLInputElement[]) box.checked = box.value === 'matmul';
    });
    await page.$eval('#runs', (input) => {
      (input as HTMLInputElement).value = '1';
    });
    await page.click('#start');
    await page.waitForSelector('figure .u-legend');
    await page.click('#stop');
    await page.waitForSelector('#start:not([disabled])');
    const labels = await page.$$eval('figure .u-legend .u-label', (found) =>
      found.map(({ textContent }) => textContent),
    );
    expect(labels).toEqual(['heddle', 'tfjs', 'jax-js']);
  } finally {
    await page.close();
  }
});
