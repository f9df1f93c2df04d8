// The page, driven from Node: what it does is asked through `window.heddleDemo`, what it tells arrives as events.
import type { Browser } from 'puppeteer';
import type {
  DemoEvent,
  RunRequest,
  RunSummary,
  TestReport,
  VerifySummary,
} from '../../demo/driver/events.js';
import type { Outcome } from '../../demo/driver/face.js';

export interface DrivenPage {
  /** Chooses files, as a user of the page would; `run` takes them. */
  bring(paths: readonly string[]): Promise<void>;
  run(name: string, request: RunRequest): Promise<RunSummary>;
  /** Ends the run in work after a whole step. */
  stop(): Promise<void>;
  verify(): Promise<VerifySummary | null>;
  /** The model file; `null` before there is a model. */
  save(): Promise<Uint8Array | null>;
  report(): Promise<TestReport | null>;
}

/** Opens the page. Whatever goes wrong in it, a crash too, makes the call in work fail. */
export async function openDemo(
  browser: Browser,
  url: string,
  hear: (event: DemoEvent) => void,
): Promise<DrivenPage> {
  const page = await browser.newPage();
  const broken = new Promise<never>((_resolve, reject) => {
    page.on('error', reject);
    page.on('pageerror', (error) => reject(error instanceof Error ? error : new Error(String(error))));
    page.on('close', () => reject(new Error('the page was closed')));
  });
  broken.catch(() => {});
  const orBroken = <T>(work: Promise<T>): Promise<T> => Promise.race([work, broken]);
  await page.exposeFunction('heddleEvent', hear);
  await orBroken(page.goto(url, { waitUntil: 'load', timeout: 60_000 }));
  await orBroken(page.waitForFunction(() => 'heddleDemo' in globalThis, { timeout: 60_000 }));
  return {
    async bring(paths) {
      const field = await orBroken(page.$('input#files'));
      await orBroken(field?.uploadFile(...paths) ?? Promise.reject(new Error('the page takes no files')));
    },
    run: async (name, request) =>
      unwrapped(
        await orBroken(
          page.evaluate(
            (n, r) =>
              heddleDemo.run(n, r, (event) => {
                (globalThis as unknown as { heddleEvent(event: unknown): void }).heddleEvent(event);
              }),
            name,
            request,
          ),
        ),
      ),
    stop: () => orBroken(page.evaluate(() => heddleDemo.stop())),
    verify: async () => unwrapped(await orBroken(page.evaluate(() => heddleDemo.verify()))),
    async save() {
      const text = unwrapped(await orBroken(page.evaluate(() => heddleDemo.save())));
      return text === null ? null : Buffer.from(text, 'base64');
    },
    report: async () => unwrapped(await orBroken(page.evaluate(() => heddleDemo.report()))),
  };
}

function unwrapped<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.message);
}
