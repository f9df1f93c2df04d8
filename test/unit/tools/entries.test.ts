import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../../tools/entries.js';

const root = new URL('file:///p/');

describe('entriesOf', () => {
  it('makes one entry of each subpath with a module, and none of plain files', () => {
    const exports = {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './formats': { types: './dist/formats/index.d.ts', default: './dist/formats/index.js' },
      './package.json': './package.json',
    };
    expect(entriesOf({ name: 'heddle', exports }, root)).toEqual([
      { specifier: 'heddle', output: 'index', source: '/p/src/index.ts' },
      { specifier: 'heddle/formats', output: 'formats/index', source: '/p/src/formats/index.ts' },
    ]);
  });

  it('refuses an export outside dist', () => {
    expect(() =>
      entriesOf({ name: 'heddle', exports: { '.': { default: './src/index.ts' } } }, root),
    ).toThrow('exports["."].default must be ./dist/….js, got ./src/index.ts');
  });
});
