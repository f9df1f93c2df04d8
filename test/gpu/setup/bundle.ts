// Finds the case files and builds them, with the page's script, into one ES module held in memory: the same module runs in
// any WebGPU engine, and test runs side by side don't meet on disk. `CASES=matmul,reduce` narrows both the module and the tests to
// the files whose name holds one of these words.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { sourceAliases } from '../../../tools/entries.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
const VIRTUAL = 'virtual:gpu-cases';

/** The case files of this run: `harness.cases.ts`, … None at all is an error, a mistyped `CASES` among them. */
export function caseFiles(wanted = process.env.CASES): string[] {
  const words = (wanted ?? '').split(',').filter((word) => word !== '');
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.cases.ts'))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
  if (files.length === 0) {
    throw new Error(`test/gpu: no file *.cases.ts${words.length > 0 ? ` matches CASES=${wanted}` : ''}`);
  }
  return files;
}

/** Serves `virtual:gpu-cases`: the list of case files as lazy imports, the same in Node and in the page. */
export function gpuCasesPlugin(wanted?: string): Plugin {
  return {
    name: 'heddle:gpu-cases',
    resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : null),
    load(id) {
      if (id !== `\0${VIRTUAL}`) return null;
      const rows = caseFiles(wanted).map(
        (file) => `${JSON.stringify(file)}: () => import(${JSON.stringify(folder + file)}),`,
      );
      return `export const caseFiles = {\n${rows.join('\n')}\n};`;
    },
  };
}

/** The page's script with every case, or those of the files `wanted`, as one module. */
export async function buildCases(wanted?: string): Promise<string> {
  const result = await build({
    configFile: false,
    root: folder,
    logLevel: 'warn',
    publicDir: false,
    resolve: { alias: sourceAliases() },
    plugins: [gpuCasesPlugin(wanted)],
    build: {
      write: false,
      target: 'es2022',
      minify: false,
      sourcemap: 'inline',
      lib: { entry: `${folder}page/main.ts`, formats: ['es'], fileName: 'cases' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const [bundle] = Array.isArray(result) ? result : [result];
  const chunks = bundle !== undefined && 'output' in bundle ? bundle.output : [];
  const [module] = chunks;
  if (chunks.length !== 1 || module?.type !== 'chunk') {
    throw new Error(`test/gpu: expected one module, got ${chunks.map((chunk) => chunk.fileName).join(', ')}`);
  }
  return module.code;
}
