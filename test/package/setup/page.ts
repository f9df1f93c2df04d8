// A page of the shared browser in which anything that goes wrong unasked fails the test: an exception, an error on the console, a
// file that is missing.
import puppeteer, { type Browser, type JSHandle, type Page } from 'puppeteer';
import { inject } from 'vitest';

export interface WatchedPage {
  readonly page: Page;
  /** Lines that the page printed: strings as they are, anything else as JSON. */
  readonly printed: Promise<string>[];
  /** Throws for whatever went wrong so far. */
  assertQuiet(): void;
  close(): Promise<void>;
}

/** Opens `path` of the folder outside the repository. */
export async function openPage(path: string): Promise<WatchedPage> {
  const browser: Browser = await puppeteer.connect({
    browserWSEndpoint: inject('packageBrowser'),
    protocolTimeout: 0,
  });
  const page = await browser.newPage();
  const faults: string[] = [];
  const printed: Promise<string>[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('requestfailed', (request) => faults.push(`no answer: ${request.url()}`));
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn') faults.push(message.text());
    else printed.push(Promise.all(message.args().map(shown)).then((words) => words.join(' ')));
  });
  await page.goto(new URL(path, inject('packageUrl')).href);
  return {
    page,
    printed,
    assertQuiet() {
      if (faults.length > 0) throw new Error(`the page is not quiet:\n${faults.join('\n')}`);
    },
    async close() {
      await page.close();
      await browser.disconnect();
    },
  };
}

async function shown(argument: JSHandle): Promise<string> {
  const value: unknown = await argument.jsonValue();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Defined by `blank.html`: `import()`, which the test runner would rewrite here. */
declare const load: (file: string) => Promise<Readonly<Record<string, unknown>>>;

/** Runs a built module in a blank page to its end, and gives the lines that it printed. */
export async function runModule(path: string): Promise<readonly string[]> {
  const watched = await openPage('blank.html');
  try {
    await watched.page.evaluate(async (file) => void (await load(file)), `/built/${path}.js`);
    watched.assertQuiet();
    return await Promise.all(watched.printed);
  } finally {
    await watched.close();
  }
}

/** What function `name` of a built module resolves to, called in a blank page. */
export async function callModule(path: string, name: string): Promise<unknown> {
  const watched = await openPage('blank.html');
  try {
    const result = await watched.page.evaluate(
      async (file, called) => ((await load(file))[called] as () => Promise<unknown>)(),
      `/built/${path}.js`,
      name,
    );
    watched.assertQuiet();
    return result;
  } finally {
    await watched.close();
  }
}

/** What the compiler of this device says of shader modules of the package, `file: message`. */
export async function shaderMessages(files: readonly string[]): Promise<string[]> {
  const watched = await openPage('blank.html');
  try {
    return await watched.page.evaluate(async (names) => {
      const device = await (await navigator.gpu.requestAdapter())?.requestDevice();
      if (!device) throw new Error('no device');
      const found: string[] = [];
      for (const name of names) {
        const { default: code } = await load(`/node_modules/heddle/dist/shaders/${name}`);
        const module = device.createShaderModule({ code: String(code), label: name });
        const { messages } = await module.getCompilationInfo();
        found.push(...messages.map(({ message }) => `${name}: ${message}`));
      }
      return found;
    }, files);
  } finally {
    await watched.close();
  }
}
