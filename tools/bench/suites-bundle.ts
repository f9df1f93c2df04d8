// The module of all suites and the other engines, built as one ES module for Node, held in memory.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { projectRoot, sourceAliases } from '../entries.js';

/** Nothing is left to be found in `node_modules`: the peers' own modules import each other in ways that only bundlers understand. */
export async function buildSuites(): Promise<string> {
  const result = await build({
    configFile: false,
    root: fileURLToPath(projectRoot),
    logLevel: 'error',
    publicDir: false,
    resolve: { alias: sourceAliases() },
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: fileURLToPath(new URL('suites.ts', import.meta.url)),
      write: false,
      target: 'es2022',
      minify: false,
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const [bundle] = Array.isArray(result) ? result : [result];
  const chunks = bundle !== undefined && 'output' in bundle ? bundle.output : [];
  const [module] = chunks;
  if (chunks.length !== 1 || module?.type !== 'chunk') {
    throw new Error(`bench: expected one module, got ${chunks.map((chunk) => chunk.fileName).join(', ')}`);
  }
  return module.code;
}
