// `vite build` makes the library: ES modules, one file per source module, so that a bundler keeps only what is imported.
// `vite demo` serves the page of the examples, on this machine only.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { libraryEntries, projectRoot, sourceAliases } from './tools/entries.js';
import { keepBarrelsPlugin } from './tools/keep-barrels.js';
import { stripWgslPlugin } from './tools/strip-wgsl.js';

const root = fileURLToPath(projectRoot);
const hasDesktop =
  process.stdout.isTTY && (process.platform !== 'linux' || process.env.DISPLAY !== undefined);

export default defineConfig(({ command }) => ({
  resolve: { alias: sourceAliases() },
  plugins: [stripWgslPlugin(), keepBarrelsPlugin()],
  // The packed images of `npm run data` lie at the demo's root URL; the library carries none of them.
  publicDir: command === 'serve' ? `${root}.data` : false,
  server: { host: 'localhost', open: hasDesktop, fs: { allow: [root] } },
  build: {
    target: 'es2022',
    sourcemap: false,
    minify: false,
    lib: {
      entry: Object.fromEntries(libraryEntries().map(({ output, source }) => [output, source])),
      formats: ['es'],
    },
    rolldownOptions: {
      output: {
        preserveModules: true,
        preserveModulesRoot: `${root}src`,
        entryFileNames: '[name].js',
      },
    },
  },
}));
