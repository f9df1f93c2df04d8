// The code of README and docs runs as it stands, in a page, on the published package; `types.test.ts` holds it to strict settings.
import { expect, it } from 'vitest';
import { docBlocks } from './setup/markdown.js';
import { runModule } from './setup/page.js';

const blocks = docBlocks();

it('the documentation has code', () => {
  expect(blocks.some(({ place }) => place.startsWith('README.md'))).toBe(true);
});

it.each(blocks.map((block) => [block.place, block] as const))('%s runs', async (_, { name, prints }) => {
  const printed = await runModule(`docs/${name}`);
  prints.forEach((text, index) => {
    if (text !== null) expect(printed[index]).toBe(text);
  });
});
