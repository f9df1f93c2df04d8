// Once per run, before the GPU tests: build the cases, serve them, open the one browser. No adapter means that this throws, and
// every GPU test fails.
import type { TestProject } from 'vitest/node';
import { launchBrowser } from '../../../tools/browser.js';
import { buildCases } from './bundle.js';
import { serveCases } from './server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the page of the cases is served. */
    gpuUrl: string;
    /** The browser that all GPU tests share. */
    gpuBrowser: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const script = await buildCases();
  const { browser, adapter, version } = await launchBrowser();
  const server = await serveCases(script);
  process.stderr.write(
    `gpu tests: ${version}, ${[adapter.vendor, adapter.architecture, adapter.device].filter(Boolean).join(' ')}` +
      `${adapter.software ? ' (software)' : ''}\n`,
  );
  project.provide('gpuUrl', server.url);
  project.provide('gpuBrowser', browser.wsEndpoint());
  return async () => {
    await browser.close();
    await server.close();
  };
}
