// `npm run bench:pack`: one folder, `out/bench-pack`, with all that a bare Linux machine with a GPU needs to run the GPU cases and the
// suites: a script, Dawn, Node and a shell script that starts them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { DIGITS_FILE, FASHION_FILES } from '../demo/data/names.js';
import { gpuCasesPlugin } from '../test/gpu/setup/bundle.js';
import { libraryPath } from './bench-pack/drivers.js';
import { DATA_FOLDER, packData } from './data/pack.js';
import { projectRoot, sourceAliases } from './entries.js';

const MIB = 2 ** 20;
const MOST_BYTES = 64 * MIB;

const root = fileURLToPath(projectRoot);
const folder = join(root, 'out/bench-pack');

/** Everything in one module: cases, suites, the other engines, Heddle. Dawn's own library it finds beside it, where its package has it. */
async function buildScript(): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    publicDir: false,
    resolve: { alias: sourceAliases() },
    plugins: [gpuCasesPlugin()],
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: fileURLToPath(new URL('bench-pack/main.ts', import.meta.url)),
      outDir: folder,
      emptyOutDir: true,
      target: 'es2022',
      minify: false,
      rolldownOptions: { output: { codeSplitting: false, entryFileNames: 'heddle.mjs' } },
    },
  });
}

function put(path: string, content: Uint8Array | string): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}

const putZipped = (path: string, source: string): void =>
  put(`${path}.gz`, gzipSync(readFileSync(source), { level: 9 }));

/** Libraries that a bare machine may lack. The first is asked for by Dawn, the others by Node. */
function putLibraries(): void {
  for (const [name, target] of [
    ['libvulkan.so.1', 'lib'],
    ['libstdc++.so.6', 'lib/c++'],
    ['libgcc_s.so.1', 'lib/c++'],
  ] as const) {
    const path = libraryPath(name, process.env);
    if (path) put(join(target, name), readFileSync(path));
    else console.log(`this machine has no ${name}: the pack works only where the other machine has it`);
  }
}

/** The data sets that cases train on. */
function putData(): void {
  packData();
  for (const { name } of [DIGITS_FILE, FASHION_FILES.first])
    putZipped(`data/${name}.bin`, join(DATA_FOLDER, `${name}.bin`));
}

function bytesOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(
    `bench:pack: this is ${process.platform} on ${process.arch}; the pack holds the Node that runs it, and must be made under Linux on x64`,
  );
  process.exit(1);
}
rmSync(folder, { recursive: true, force: true });
await buildScript();
putZipped('dist/linux-x64/dawn.node', join(root, 'node_modules/webgpu/dist/linux-x64/dawn.node'));
putZipped('bin/node', process.execPath);
putLibraries();
putData();
copyFileSync(fileURLToPath(new URL('bench-pack/run.sh', import.meta.url)), join(folder, 'run.sh'));
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  console.log(`${(bytesOf(path) / MIB).toFixed(1).padStart(6)} MiB  ${basename(path)}`);
}
const bytes = bytesOf(folder);
console.log(`${(bytes / MIB).toFixed(1).padStart(6)} MiB  out/bench-pack`);
if (bytes >= MOST_BYTES) {
  console.error(`bench:pack: ${bytes} bytes are more than the ${MOST_BYTES} that a pack may have`);
  process.exitCode = 1;
}
