// Runs suites in a page of a headless browser. Whatever goes wrong in the page fails the run.
import type { Browser, Page } from 'puppeteer';
import type { BenchResult } from '../../bench/face.js';
import type { TaskProfile } from '../../bench/profile.js';
import type { Progress } from '../../bench/run.js';
import type { ProfileOptions, SuiteOptions } from './options.js';

export interface DriveHooks {
  readonly onProgress?: (progress: Progress) => void;
  /** Called before the page loads. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export const driveBench = (
  browser: Browser,
  url: string,
  options: SuiteOptions,
  hooks?: DriveHooks,
): Promise<BenchResult> =>
  inPage(browser, url, (page) => page.evaluate((asked) => heddleBench.run(asked), options), hooks);

export const driveProfile = (
  browser: Browser,
  url: string,
  options: ProfileOptions,
  hooks?: DriveHooks,
): Promise<TaskProfile> =>
  inPage(
    browser,
    url,
    (page) => page.evaluate(({ task, size }) => heddleBench.profile(task, size), options),
    hooks,
  );

async function inPage<T>(
  browser: Browser,
  url: string,
  work: (page: Page) => Promise<T>,
  { onProgress = () => {}, prepare }: DriveHooks = {},
): Promise<T> {
  const page = await browser.newPage();
  const crash = new Promise<never>((_resolve, reject) => {
    page.on('error', reject);
    page.on('pageerror', (error) => reject(error instanceof Error ? error : new Error(String(error))));
  });
  crash.catch(() => {});
  const run = async (): Promise<T> => {
    await page.exposeFunction('benchProgress', onProgress);
    await prepare?.(page);
    await page.goto(url);
    await page.waitForFunction(() => 'heddleBench' in globalThis, { timeout: 60_000 });
    return work(page);
  };
  try {
    return await Promise.race([run(), crash]);
  } finally {
    await page.close();
  }
}
