// Three projects: `unit` runs in Node alone; `gpu` builds the cases for the browser, opens one and asks it for verdicts; `package`
// uses the tarball of `npm pack` as its users would, outside the repository.
import { defineConfig } from 'vitest/config';
import { gpuCasesPlugin } from './test/gpu/setup/bundle.js';
import { sourceAliases } from './tools/entries.js';

const resolve = { alias: sourceAliases() };

// `npm run test:full` is `vitest run --mode full`; tests read FULL.
const envOf = (mode: string): Record<string, string> => (mode === 'full' ? { FULL: '1' } : {});

export default defineConfig(({ mode }) => ({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          env: envOf(mode),
          environment: 'node',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        plugins: [gpuCasesPlugin()],
        test: {
          name: 'gpu',
          env: envOf(mode),
          environment: 'node',
          include: ['test/gpu/**/*.test.ts'],
          globalSetup: ['test/gpu/setup/global.ts'],
          // One adapter serves them all: files run one after another, and after the unit tests.
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve,
        test: {
          name: 'package',
          env: envOf(mode),
          environment: 'node',
          include: ['test/package/**/*.test.ts'],
          globalSetup: ['test/package/setup/global.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
}));
