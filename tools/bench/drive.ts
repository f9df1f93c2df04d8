// Runs suites in a page of a headless browser. Whatever goes wrong in the page fails the run.
import type { Browser, Page } from 'puppeteer';
import type { BenchResult } from '../../bench/face.js';
import type { Progress, RunOptions } from '../../bench/run.js';

export type DriveOptions = Pick<RunOptions, 'suites' | 'cases' | 'peers' | 'runs' | 'size'>;

export interface DriveHooks {
  readonly onProgress?: (progress: Progress) => void;
  /** Called before the page loads. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export async function driveBench(
  browser: Browser,
  url: string,
  options: DriveOptions,
  { onProgress = () => {}, prepare }: DriveHooks = {},
): Promise<BenchResult> {
  const page = await browser.newPage();
  const crash = new Promise<never>((_resolve, reject) => {
    page.on('error', reject);
    page.on('pageerror', (error) => reject(error instanceof Error ? error : new Error(String(error))));
  });
  crash.catch(() => {});
  const run = async (): Promise<BenchResult> => {
    await page.exposeFunction('benchProgress', onProgress);
    await prepare?.(page);
    await page.goto(url);
    await page.waitForFunction(() => 'heddleBench' in globalThis, { timeout: 60_000 });
    return page.evaluate((asked) => heddleBench.run(asked), options);
  };
  try {
    return await Promise.race([run(), crash]);
  } finally {
    await page.close();
  }
}
