// Runs suites in pages of a headless browser: the cases whose first steps are timed each in one that nothing ran in before.
import type { Browser, Page } from 'puppeteer';
import type { OfferedCase, SuiteOptions } from '../../bench/face.js';
import type { TaskProfile } from '../../bench/profile.js';
import type { Roof } from '../../bench/roofline.js';
import {
  type CaseGroup,
  type GroupHooks,
  type GroupRun,
  groupsOf,
  optionsOf,
  runGroups,
  type WholeRun,
} from './groups.js';
import type { ProfileOptions } from './options.js';

export interface DriveHooks extends GroupHooks {
  /** Called before a page loads. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Throws for unknown suites and cases; what goes wrong later is among the result's `errors`. */
export async function driveBench(
  browser: Browser,
  url: string,
  options: SuiteOptions,
  hooks: DriveHooks = {},
): Promise<WholeRun> {
  const cases = await inPage(
    browser,
    url,
    (page): Promise<OfferedCase[]> => page.evaluate((asked) => heddleBench.cases(asked), options),
    hooks,
  );
  const { prepare } = hooks;
  const run = (group: CaseGroup, { onProgress, onRows }: GroupHooks): Promise<GroupRun> =>
    runGroup(browser, url, optionsOf(options, group), {
      ...(onProgress ? { onProgress } : {}),
      ...(onRows ? { onRows } : {}),
      ...(prepare ? { prepare } : {}),
    });
  return runGroups(groupsOf(cases), run, hooks);
}

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

/** Throws where the browser itself is gone. */
async function runGroup(
  browser: Browser,
  url: string,
  options: SuiteOptions,
  { onProgress, onRows, prepare }: DriveHooks,
): Promise<GroupRun> {
  let roof: Roof | null = null;
  let text = 'starting';
  const hooks: DriveHooks = {
    onProgress(progress) {
      text = progress.text;
      onProgress?.(progress);
    },
    async prepare(page) {
      await page.exposeFunction('benchRows', onRows ?? (() => {}));
      await page.exposeFunction('benchRoof', (measured: Roof) => {
        roof = measured;
      });
      await prepare?.(page);
    },
  };
  try {
    const work = (page: Page) => page.evaluate((asked) => heddleBench.run(asked), options);
    return { ...(await inPage(browser, url, work, hooks)), error: null };
  } catch (error) {
    if (!browser.connected) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return { rows: [], roof, error: `${text}: ${why}` };
  }
}

/** In a page of its own, which shares no cache with others. Whatever goes wrong in the page fails the work. */
async function inPage<T>(
  browser: Browser,
  url: string,
  work: (page: Page) => Promise<T>,
  { onProgress = () => {}, prepare }: DriveHooks = {},
): Promise<T> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
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
  } catch (error) {
    throw new Error(withoutFrames(error instanceof Error ? error.message : String(error)), { cause: error });
  } finally {
    if (browser.connected) await context.close();
  }
}

/** The message of an error that was thrown in a page carries frames of its minified script. */
const withoutFrames = (message: string): string =>
  message
    .split('\n')
    .filter((line) => !/https?:\/\/.*:\d+:\d+\)?$/.test(line))
    .join('\n');
