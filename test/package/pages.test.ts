// Pages that use the published files: built by Vite, and by an import map alone.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { openPage } from './setup/page.js';

/** What the page says once it has trained. */
async function outputOf(
  path: string,
): Promise<{ boiling: { data: Record<string, number> }; epochs: number }> {
  const watched = await openPage(path);
  try {
    const said = watched.page.waitForFunction(() => document.querySelector('output')?.value || undefined);
    const text = await (await said).jsonValue();
    watched.assertQuiet();
    return JSON.parse(String(text));
  } finally {
    await watched.close();
  }
}

describe.each([
  ['a bare Vite application', 'celsius/dist/index.html'],
  ['a plain page with an import map', 'plain/index.html'],
])('%s', (_, path) => {
  it('trains celsius', async () => {
    const { boiling, epochs } = await outputOf(path);
    expect(epochs).toBe(500);
    expect(Math.abs((boiling.data[0] ?? Number.NaN) - 212)).toBeLessThan(1.5);
  });
});

it('the application leaves out what it does not use', async () => {
  const assets = join(inject('packageFolder'), 'celsius/dist/assets');
  const scripts = (await readdir(assets)).filter((file) => file.endsWith('.js'));
  const code = (await Promise.all(scripts.map((file) => readFile(join(assets, file), 'utf8')))).join('\n');
  expect(code).toContain('fn matmul_registers');
  expect(code).not.toMatch(/box_muller|fn (concat|pad|gather_gradient)/);
});
