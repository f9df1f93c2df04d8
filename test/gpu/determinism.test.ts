// The same bits in two fresh browsers; and a model that is saved in one and loaded in the next trains on as if nothing had been.
import { expect, it } from 'vitest';
import { openFreshBrowser } from './pages.js';

/** What a probe answers in a browser of its own. */
async function ask(probe: string, argument: string): Promise<string> {
  const page = await openFreshBrowser();
  try {
    return await page.probe('determinism.cases.ts', probe, argument);
  } finally {
    await page.close();
  }
}

it('trains to the same bits in two fresh browsers, saved and loaded on the way or not', async () => {
  const unbroken = await ask('unbroken', '11');
  const file = await ask('begin', '11 21');
  expect(unbroken).toMatch(/^[0-9a-f]{64}$/);
  expect(await ask('finish', file)).toBe(unbroken);
  expect(await ask('unbroken', '11')).toBe(unbroken);
});
