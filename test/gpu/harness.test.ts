// What a page must not let pass in silence, seen from Node.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CasePage, openFreshBrowser, openPage } from './pages.js';

describe('a page of cases', () => {
  let page: CasePage;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page.close());

  it.each([
    ['gpu', /uncaptured GPUValidationError/],
    ['page', /planted page error/],
    ['console', /planted console error/],
  ])('reports a planted fault of kind %s', async (kind, words) => {
    await expect(page.probe('harness.cases.ts', 'fault', kind)).rejects.toThrow(words);
  });

  it('rejects a case that does not exist', async () => {
    await expect(page.run('harness.cases.ts', 'no such case')).rejects.toThrow(
      '0 cases named "no such case"',
    );
    await expect(page.run('none.cases.ts', 'x')).rejects.toThrow('no case file none.cases.ts');
  });
});

it('rejects what a page still owes when it crashes', async () => {
  const opened = await openPage();
  const session = await opened.page.createCDPSession();
  const owed = opened.probe('harness.cases.ts', 'forever');
  session.send('Page.crash').catch(() => {});
  await expect(owed).rejects.toThrow('crash');
  await opened.close();
});

it('opens in a browser of its own', async () => {
  const page = await openFreshBrowser();
  try {
    expect(await page.run('harness.cases.ts', 'a kernel of one line gives the exact numbers')).toEqual([]);
  } finally {
    await page.close();
  }
});
