// `npm run bench:node`: the suites of `npm run bench` without a browser: under Dawn in Node, on the Vulkan driver that
// `VK_ICD_FILENAMES` names.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchHelp, benchOptions } from './bench/options.js';
import { clearProgress, printProfile, printResult, showProgress, showRows } from './bench/print.js';
import { buildSuites } from './bench/suites-bundle.js';
import { openSuites } from './bench/suites-process.js';
import { projectRoot } from './entries.js';

const options = benchOptions(process.argv.slice(2));

function dawnVersion(): string {
  const manifest = new URL('node_modules/webgpu/package.json', projectRoot);
  return `Dawn of webgpu ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
}

async function runInProcess(module: string): Promise<void> {
  const script = fileURLToPath(new URL('bench/dawn-worker.ts', import.meta.url));
  const suites = await openSuites({ script, args: [module] });
  const hooks = { onProgress: showProgress };
  try {
    if (options.profile) {
      printProfile(dawnVersion(), await suites.profile(options.profile, hooks), options);
    } else {
      const result = await suites.run(options.run, { ...hooks, onRows: showRows });
      if (result.rows.length > 0) printResult(dawnVersion(), result, options);
      if (result.error !== null) throw new Error(result.error);
    }
  } finally {
    await suites.close();
  }
}

async function main(): Promise<void> {
  process.stderr.write('bench: building the suites\n');
  const folder = mkdtempSync(join(tmpdir(), 'heddle-suites-'));
  process.once('SIGINT', () => {
    rmSync(folder, { recursive: true });
    process.exit(130);
  });
  try {
    const module = join(folder, 'suites.mjs');
    writeFileSync(module, await buildSuites());
    await runInProcess(module);
  } catch (error) {
    clearProgress();
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (options.help) console.log(benchHelp('bench:node'));
else await main();
