// `npm run bench:node`: the suites of `npm run bench` without a browser: under Dawn in Node, on the Vulkan driver that
// `VK_ICD_FILENAMES` names.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupsOf } from './bench/groups.js';
import { benchHelp, benchOptions } from './bench/options.js';
import { failBench, printProfile, printRun, showProgress, showRows } from './bench/print.js';
import { buildSuites } from './bench/suites-bundle.js';
import { runInProcesses, withSuites } from './bench/suites-process.js';
import { projectRoot } from './entries.js';

const options = benchOptions(process.argv.slice(2));

function dawnVersion(): string {
  const manifest = new URL('node_modules/webgpu/package.json', projectRoot);
  return `Dawn of webgpu ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
}

async function run(module: string): Promise<void> {
  const script = fileURLToPath(new URL('bench/dawn-worker.ts', import.meta.url));
  const program = { script, args: [module] };
  const hooks = { onProgress: showProgress, onRows: showRows };
  const { profile } = options;
  if (profile) {
    const found = await withSuites(program, (suites) => suites.profile(profile, hooks));
    printProfile(dawnVersion(), found, options);
    return;
  }
  const cases = await withSuites(program, (suites) => suites.list(options.run));
  printRun(dawnVersion(), await runInProcesses(program, options.run, groupsOf(cases), hooks), options);
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
    await run(module);
  } catch (error) {
    failBench(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (options.help) console.log(benchHelp('bench:node'));
else await main();
