// The published types under the strictest settings, without @webgpu/types or Node's types in reach, and what an import does in Node.
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { command, tool } from './setup/command.js';

const STRICT = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM', 'DOM.Iterable', 'ESNext.Disposable'],
  types: [],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: false,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
};

describe('the published types', () => {
  it.each([
    ['bundler', { module: 'ESNext', moduleResolution: 'bundler' }],
    ['nodenext', { module: 'NodeNext', moduleResolution: 'nodenext' }],
  ])('compile under strict settings, resolved as by %s', async (name, resolution) => {
    const folder = inject('packageFolder');
    const config = {
      compilerOptions: { ...STRICT, ...resolution },
      include: ['celsius', 'programs', 'docs'],
    };
    await writeFile(join(folder, `tsconfig.${name}.json`), JSON.stringify(config));
    expect(
      await tool('typescript/bin/tsc', ['-p', `tsconfig.${name}.json`, '--pretty', 'false'], folder),
    ).toBe('');
  });

  it('stand beside every module that a user can import', () => {
    const files = readdirSync(join(inject('packageFolder'), 'node_modules/heddle/dist'), {
      encoding: 'utf8',
    });
    expect(files).toContain('index.d.ts');
    expect(files).toContain('index.js');
  });
});

describe('in Node', () => {
  it('importing touches no navigator', async () => {
    const program = `
      Object.defineProperty(globalThis, 'navigator', {
        configurable: true,
        get() { throw new Error('navigator was touched'); },
      });
      const { init, tensor, ops } = await import('heddle');
      await init({ device: 'cpu' });
      console.log(JSON.stringify(await ops.add(tensor([1, 2]), 1).array()));
    `;
    const printed = await command(
      process.execPath,
      ['--input-type=module', '-e', program],
      inject('packageFolder'),
    );
    expect(printed.trim()).toBe('[2,3]');
  });
});
