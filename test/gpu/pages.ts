// Pages of cases for tests that run in Node: in the browser that all tests share, or in a fresh one.
import puppeteer, { type Browser, type ConsoleMessage, type Page } from 'puppeteer';
import { inject } from 'vitest';
import { launchBrowser } from '../../tools/browser.js';
import { describeFailures, type Failure, type Verdict } from './kit.js';

export interface CasePage {
  /** Puppeteer's page, for what the rest does not offer. */
  readonly page: Page;
  /** Runs a case and returns all that went wrong, faults of the page included. */
  run(file: string, name: string): Promise<readonly Failure[]>;
  /** Calls a probe of a case file; throws on any fault of the page. */
  probe(file: string, name: string, argument?: string): Promise<string>;
  list(): Promise<Record<string, string[]>>;
  close(): Promise<void>;
}

/** A new page, hence a new device, in the shared browser. */
export async function openPage(): Promise<CasePage> {
  const browser = await puppeteer.connect({ browserWSEndpoint: inject('gpuBrowser'), protocolTimeout: 0 });
  return openIn(browser, () => browser.disconnect());
}

/** A new page in a browser of its own, which closes with the page. */
export async function openFreshBrowser(): Promise<CasePage> {
  const { browser } = await launchBrowser({ say: () => {} });
  return openIn(browser, () => browser.close());
}

async function openIn(browser: Browser, leave: () => Promise<void>): Promise<CasePage> {
  const page = await browser.newPage();
  let faults: Failure[] = [];
  const blame = (what: string, actual: string) => {
    faults.push({ what, expected: 'none', actual });
  };
  page.on('pageerror', (error) =>
    blame('page error', error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  // Nothing sent to a crashed page is ever answered.
  const crash = new Promise<never>((_resolve, reject) => page.on('error', reject));
  crash.catch((error: Error) => blame('page crash', error.message));
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') blame('console error', message.text());
  });
  const url = `${inject('gpuUrl')}${process.env.FULL === '1' ? '?full' : ''}`;
  await page.goto(url);
  await page.waitForFunction(() => 'gpuCases' in globalThis, { timeout: 60_000 });
  const takeFaults = (): Failure[] => {
    const found = faults;
    faults = [];
    return found;
  };
  return {
    page,
    async run(file, name) {
      const verdict: Verdict = await Promise.race([
        page.evaluate((f, n) => gpuCases.run(f, n), file, name),
        crash,
      ]);
      return [...verdict.failures, ...takeFaults()];
    },
    async probe(file, name, argument = '') {
      const result = await Promise.race([
        page.evaluate((f, n, a) => gpuCases.probe(f, n, a), file, name, argument),
        crash,
      ]);
      const found = takeFaults();
      if (found.length > 0) throw new Error(describeFailures(found));
      return result;
    },
    list: () => page.evaluate(() => gpuCases.list()),
    async close() {
      await page.close();
      await leave();
    },
  };
}
