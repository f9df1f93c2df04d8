// `npm run test:node-gpu`: the GPU cases under Dawn in Node, on whatever adapter it finds: without a browser, hence also on machines and
// drivers that no browser here can use. A file of cases has a process of its own, and after a failed case the rest of it a fresh one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeFailures } from '../test/gpu/kit.js';
import { buildCases } from '../test/gpu/setup/bundle.js';
import { type CaseProcess, openCases } from './node-gpu/process.js';

const HELP = `npm run test:node-gpu -- [options]
  --cases NAME   only files whose name holds NAME; may be given several times (recurrent)
  --full         test whole products of options instead of pairs`;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', multiple: true },
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Counts {
  passed: number;
  failed: number;
}

async function runFile(script: string, file: string, names: readonly string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 };
  const start = performance.now();
  let cases: CaseProcess | undefined;
  for (const name of names) {
    cases ??= await openCases(script);
    const failures = await cases.run(file, name);
    if (failures.length === 0) {
      counts.passed++;
      continue;
    }
    counts.failed++;
    console.log(`FAILED ${file}: ${name}\n${describeFailures(failures).replace(/^/gm, '  ')}`);
    await cases.close();
    cases = undefined;
  }
  await cases?.close();
  if (names.length === 0) {
    counts.failed++;
    console.log(`FAILED ${file}: it has no cases`);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${file}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
  return counts;
}

/** The names of all cases; says which adapter they run on. */
async function listCases(script: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const cases = await openCases(script);
  const { vendor, architecture, device, description, software } = cases.adapter;
  const names = [vendor, architecture, device, description].filter((name) => name !== '');
  console.log(`adapter: ${names.join(', ')}${software ? ' (software)' : ''}`);
  try {
    return await cases.list();
  } finally {
    await cases.close();
  }
}

async function main(): Promise<Counts> {
  if (values.full) process.env.FULL = '1';
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cases-'));
  try {
    const script = join(folder, 'cases.mjs');
    writeFileSync(script, await buildCases(values.cases?.join()));
    const counts: Counts = { passed: 0, failed: 0 };
    for (const [file, names] of Object.entries(await listCases(script))) {
      const { passed, failed } = await runFile(script, file, names);
      counts.passed += passed;
      counts.failed += failed;
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (values.help) {
  console.log(HELP);
} else {
  try {
    const { passed, failed } = await main();
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.log('0 passed, 1 failed');
    process.exitCode = 1;
  }
}
