/** The tree obeys its own rules (`test/kit/structure.ts`), and the rules catch what is planted. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, MAX_LINES, structureFaults } from '../kit/structure.js';

const root = join(import.meta.dirname, '../..');

function readTree(folder: string, ending: RegExp): Map<string, string> {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter((file) => file.isFile() && ending.test(file.name))
      .map((file) => join(file.parentPath, file.name))
      .sort()
      .map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]),
  );
}

test('the source tree obeys floors, cycles, GPU*, sizes and headers', () => {
  const tree = readTree('src', /(?<!\.d)\.ts$/);
  expect(tree.size).toBeGreaterThan(20);
  expect(structureFaults(tree)).toEqual([]);
});

test('every shader begins with a header', () => {
  const tree = readTree('shaders', /\.wgsl$/);
  expect(tree.size).toBeGreaterThan(0);
  expect(structureFaults(tree)).toEqual([]);
});

describe('planted faults', () => {
  const header = '/** What it is. */\n';
  const sound: Record<string, string> = {
    'src/core/a.ts': header,
    'src/kernels/k.ts': `${header}import source from '../../shaders/k.wgsl?raw';\n`,
    'src/ir/b.ts': `${header}import { a } from '../core/a.js';\nimport type { C } from './c.js';\n`,
    'src/ir/c.ts': `${header}import { b } from './b.js';\n`,
    'src/ops/index.ts': `${header}export { c } from '../ir/c.js';\n`,
    'src/reference/r.ts': header,
    'src/runtime/device.ts': `${header}export const device = (gpu: GPUDevice): GPUDevice => gpu;\n`,
    'src/compiler/x.ts': `${header}import { b } from '../ir/b.js';\n`,
    'src/engine/inner.ts': `${header}import { device } from '../runtime/device.js';\n`,
    'src/engine/index.ts': `${header}export { inner } from './inner.js'; // GPUDevice in a comment\n`,
    'src/nn/n.ts': `${header}import { inner } from '../engine/index.js';\nimport { sgd } from '../optim/sgd.js';\n`,
    'src/optim/sgd.ts': `${header}import { a } from '../core/a.js';\n`,
    'src/index.ts': `${header}export * from './nn/n.js';\n`,
  };
  const faultsWith = (path: string, source: string): string[] =>
    structureFaults(new Map(Object.entries({ ...sound, [path]: source })));

  test('a sound tree has none', () => {
    expect(structureFaults(new Map(Object.entries(sound)))).toEqual([]);
  });

  const planted: readonly [string, string, string, RegExp][] = [
    [
      'upward import',
      'src/core/a.ts',
      `${header}import { b } from '../ir/b.js';`,
      /src\/core\/a\.ts: imports upward/,
    ],
    [
      'upward import of a type',
      'src/ir/b.ts',
      `${header}import type { X } from '../ops/index.js';`,
      /imports upward/,
    ],
    ['upward re-export', 'src/ir/b.ts', `${header}export * from '../ops/index.js';`, /imports upward/],
    [
      'upward dynamic import',
      'src/ir/b.ts',
      `${header}const x = import('../ops/index.js');`,
      /imports upward/,
    ],
    [
      'an entry point used inside',
      'src/engine/inner.ts',
      `${header}import { x } from '../index.js';`,
      /imports upward/,
    ],
    [
      'floor 4 sideways',
      'src/reference/r.ts',
      `${header}import { x } from '../compiler/x.js';`,
      /imports sideways/,
    ],
    [
      'floor 6 into the engine',
      'src/nn/n.ts',
      `${header}import { inner } from '../engine/inner.js';`,
      /public face/,
    ],
    [
      'floor 6 into the runtime',
      'src/optim/sgd.ts',
      `${header}import { d } from '../runtime/device.js';`,
      /public face/,
    ],
    ['a folder on no floor', 'src/core/a.ts', `${header}import { u } from '../util/u.js';`, /not there/],
    ['a file on no floor', 'src/util/u.ts', `${header}import { a } from '../core/a.js';`, /on no floor/],
    [
      'a missing file',
      'src/ir/b.ts',
      `${header}import { z } from './z.js';`,
      /src\/ir\/z\.ts, which is not there/,
    ],
    [
      'a cycle',
      'src/ir/b.ts',
      `${header}import { c } from './c.js';`,
      /cycle: src\/ir\/b\.ts → src\/ir\/c\.ts → src\/ir\/b\.ts/,
    ],
    [
      'an import of itself',
      'src/core/a.ts',
      `${header}import { a } from './a.js';`,
      /cycle: src\/core\/a\.ts/,
    ],
    ['a package', 'src/core/a.ts', `${header}import lodash from 'lodash';`, /runtime dependency/],
    [
      'a shader outside kernels',
      'src/ops/index.ts',
      `${header}import s from '../../shaders/k.wgsl?raw';`,
      /src\/kernels/,
    ],
    ['a GPU type', 'src/engine/inner.ts', `${header}export type D = GPUDevice;`, /mentions GPUDevice/],
    [
      'navigator.gpu',
      'src/engine/inner.ts',
      `${header}export const g = navigator?.gpu;`,
      /mentions navigator/,
    ],
    ['a long file', 'src/core/a.ts', header + 'x;\n'.repeat(MAX_LINES), /401 lines/],
    ['no header', 'src/core/a.ts', 'export const a = 1;\n', /header comment/],
  ];
  test.each(planted)('%s', (_, path, source, expected) => {
    expect(faultsWith(path, source).join('\n')).toMatch(expected);
  });
});

test('imports are read through comments, line breaks and inline types', () => {
  const source = `
    // import { no } from './comment.js';
    import {
      a,
      type B,
    } from './mixed.js';
    import { type C, type D } from './types.js';
    import type { E } from "./types-too.js";
    import './side-effect.js';
    export { f } from './again.js';
    const lazy = import('./lazy.js');`;
  expect(
    importsOf(source).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' (type)' : ''}`),
  ).toEqual([
    './mixed.js',
    './types.js (type)',
    './types-too.js (type)',
    './side-effect.js',
    './again.js',
    './lazy.js',
  ]);
});
