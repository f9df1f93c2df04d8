// What a person shows the page's model: a drawn digit, a chosen picture; and the feature maps, drawn from GPU buffers to a canvas.
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browserFlags } from '../../tools/browser.js';
import { packData } from '../../tools/data/pack.js';
import { findOrInstallBrowser, isRoot } from '../../tools/find-browser.js';
import { type DemoServer, serveDemo } from '../../tools/train/serve.js';

/** Chromium shows a WebGPU canvas of the software adapter only where it composes with Vulkan, in software too. */
const COMPOSING = ['--use-angle=swiftshader', '--enable-features=Vulkan', '--use-vulkan=swiftshader'];

let server: DemoServer;
let browser: Browser;
let page: Page;
const faults: string[] = [];

beforeAll(async () => {
  packData();
  server = await serveDemo();
  browser = await puppeteer.launch({
    executablePath: await findOrInstallBrowser(() => {}),
    headless: true,
    protocolTimeout: 0,
    args: [...browserFlags('software', process.platform, isRoot()), ...COMPOSING],
  });
  page = await browser.newPage();
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.setViewport({ width: 1000, height: 900 });
  await page.goto(`${server.url}?canvas=webgpu`);
  await page.click('input[value="digits-cnn"]');
  await page.click('#train');
  await page.waitForFunction(() => document.querySelector('#figures')?.textContent?.includes('step'));
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const text = (selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent ?? '');

/** Draws a line through points given as shares of the pad. */
async function draw(...points: readonly (readonly [x: number, y: number])[]): Promise<void> {
  const pad = await page.waitForSelector('#pad', { visible: true });
  await pad?.scrollIntoView();
  const box = await pad?.boundingBox();
  if (!box) throw new Error('the pad is not to be seen');
  for (const [index, [x, y]] of points.entries()) {
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 4 });
    if (index === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

const classified = () =>
  page.waitForFunction(() => document.querySelector('#drawn-says')?.textContent?.startsWith('looks like'));
const bars = (): Promise<number[]> =>
  page.$$eval('.fill', (fills) =>
    fills.map((fill) => Number.parseFloat((fill as HTMLElement).style.inlineSize)),
  );

/** How many colours a screenshot of an element has: what the compositor shows, not what a script believes to have drawn. */
async function colours(selector: string): Promise<number> {
  const element = await page.waitForSelector(selector, { visible: true });
  const shot = await element?.screenshot({ encoding: 'base64' });
  return page.evaluate(async (source) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(image, 0, 0);
    return new Set(new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)).size;
  }, shot ?? '');
}

it('reads what is drawn while it trains, and reads it anew when it is drawn anew', async () => {
  await draw([0.5, 0.15], [0.5, 0.85]);
  await classified();
  expect(await text('#stage')).toBe('training');
  const one = await bars();
  expect(one).toHaveLength(10);
  expect(one.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
  await page.click('#stop');
  await page.waitForFunction(() => document.querySelector('#stage')?.textContent === 'stopped');

  await page.click('#pad-clear');
  await page.waitForFunction(
    () => document.querySelector('#drawn-says')?.textContent === 'nothing drawn yet',
  );
  expect(await bars()).toEqual(Array.from({ length: 10 }, () => 0));
  await draw([0.5, 0.15], [0.2, 0.5], [0.5, 0.85], [0.8, 0.5], [0.5, 0.15]);
  await classified();
  expect(await bars()).not.toEqual(one);

  await page.click('#pad-put');
  await classified();
});

it("shows filters and feature maps from the GPU's buffers, of the picture that is chosen", async () => {
  expect(await text('#features-how')).toContain('nothing is read back');
  expect(await colours('#filters canvas')).toBeGreaterThan(20);
  expect(await colours('#maps canvas')).toBeGreaterThan(20);
  expect(await page.$eval('#maps canvas', (canvas) => canvas.getAttribute('aria-label'))).toMatch(
    /^16 feature maps of 26 × 26 of /,
  );
  const shot = async () => (await page.$('#maps canvas'))?.screenshot({ encoding: 'base64' });
  const drawn = await shot();
  await page.click('.picture button');
  await expect.poll(shot, { timeout: 10_000 }).not.toBe(drawn);
  expect(await text('#error')).toBe('');
  expect(faults).toEqual([]);
});
