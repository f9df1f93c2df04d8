// `npm run size`: what users download, shaders included: the README's first example and each public entry whole, bundled and minified
// as an application would be.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { libraryEntries, projectRoot, sourceAliases } from './entries.js';
import { stripWgslPlugin } from './strip-wgsl.js';

const AIM_KB = 45;
const VIRTUAL = 'virtual:measured.ts';

/** The first TypeScript block of a Markdown text. */
export function firstExample(markdown: string): string {
  const code = /^```ts\n([\s\S]*?)^```/m.exec(markdown)?.[1];
  if (code === undefined) throw new Error('README.md has no block of TypeScript (```ts) to measure');
  return code;
}

/** The bytes of `code` with all that it imports: minified, and compressed as well. */
async function measure(code: string): Promise<{ minified: number; gzip: number }> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    resolve: { alias: sourceAliases() },
    plugins: [
      stripWgslPlugin(),
      {
        name: 'heddle:measured',
        enforce: 'pre',
        resolveId: (id) => (id === VIRTUAL ? id : null),
        load: (id) => (id === VIRTUAL ? code : null),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      rolldownOptions: { input: VIRTUAL, preserveEntrySignatures: 'strict' },
    },
  });
  const texts = (Array.isArray(result) ? result : [result])
    .flatMap((bundle) => ('output' in bundle ? bundle.output : []))
    .map((file) => (file.type === 'chunk' ? file.code : file.source));
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  return {
    minified: sum(texts.map((text) => Buffer.byteLength(text))),
    gzip: sum(texts.map((text) => gzipSync(text, { level: 9 }).length)),
  };
}

if (process.argv[1]?.endsWith('size.ts')) {
  const rows = [
    [`README's first example`, firstExample(readFileSync(new URL('README.md', projectRoot), 'utf8'))],
    ...libraryEntries().map(({ specifier }) => [`all of ${specifier}`, `export * from '${specifier}';`]),
  ] as const;
  for (const [name, code] of rows) {
    const { minified, gzip } = await measure(code ?? '');
    const kilobytes = [gzip, minified].map((bytes) => (bytes / 1000).toFixed(1));
    console.log(`${name}: ${kilobytes[0]} KB gzip, ${kilobytes[1]} KB minified`);
  }
  console.log(`(aim for the first example: ${AIM_KB} KB gzip)`);
}
