// What the tests of the benchmarks share: the built page, served once for a file, and the browser.
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { afterAll, beforeAll, inject } from 'vitest';
import type { SuiteOptions } from '../../bench/face.js';
import type { Row } from '../../bench/row.js';
import { driveBench } from '../../tools/bench/drive.js';
import { type Site, serveBench } from '../../tools/bench/site.js';

export interface Benches {
  /** Runs suites at tiny sizes in a page of their own, which `prepare` sees before it loads. */
  run(options: SuiteOptions, prepare?: (page: Page) => Promise<void>): Promise<readonly Row[]>;
  site(): Site;
  browser(): Browser;
}

/** Call it at the top of a file of tests. */
export function benches(): Benches {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await serveBench();
    browser = await puppeteer.connect({ browserWSEndpoint: inject('gpuBrowser'), protocolTimeout: 0 });
  });
  afterAll(async () => {
    await browser.disconnect();
    await site.close();
  });
  return {
    async run(options, prepare = async () => {}) {
      const asked: SuiteOptions = { size: 'tiny', runs: 2, ...options };
      const { rows, errors } = await driveBench(browser, site.url, asked, { prepare });
      if (errors.length > 0) throw new Error(errors.join('\n'));
      return rows;
    },
    site: () => site,
    browser: () => browser,
  };
}

export function rowOf(rows: readonly Row[], name: string, engine: string): Row {
  const row = rows.find((one) => one.case === name && one.engine === engine);
  if (!row) throw new Error(`no row of ${engine} in ${name}`);
  return row;
}
